/** Tells what was lost: one problem for each reason, with the number of points and one of them as an example. */
import type { Problem } from '../../../lambda/model/problem.ts';
import type { Omission, Point } from '../encode/points.ts';
import type { Loss } from './deliver.ts';

/** Points that never left. */
export function tellOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return omissions.map(({ metric, points }) => ({
    kind: 'rejected',
    where,
    message: `left out ${plural(points)} of ${metric}: not a number; leave the metric out with \`metrics.exclude\`, and report it`,
  }));
}

/** Points that left, or were about to. */
export function tellLosses(losses: readonly Loss[]): readonly Problem[] {
  const groups = Map.groupBy(losses, ({ outcome, problem }) => `${outcome} ${problem.kind} ${problem.message}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const example = first?.points[0];
    if (first === undefined || example === undefined) return [];
    const count = group.reduce((sum, { points }) => sum + points.length, 0);
    const verb = first.outcome === 'unknown' ? 'may not have been stored' : 'not stored';
    const message = `${plural(count)} ${verb}, such as ${shown(example)}: ${first.problem.message}`;
    return [{ ...first.problem, message }];
  });
}

/** `ci_queue_jobs{queue="default"}` */
export function shown({ name, labels }: Point): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}

function plural(count: number): string {
  return `${String(count)} point${count === 1 ? '' : 's'}`;
}
