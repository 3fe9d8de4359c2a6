/** Tells as problems what was left out, what was held back, and what was not stored. */
import type { Problem } from '../../../model/problem.ts';
import type { Flaw, Omission, Point } from '../encode/point.ts';
import { shownSeries } from '../encode/shown.ts';
import { type Explanation, explain } from './explain.ts';
import { PartialWriteError } from './judge.ts';
import type { Failure, Tally } from './tally.ts';

/** Metric names that a message lists before it only counts. */
const maxListed = 5;

const flaws: Readonly<Record<Flaw, string>> = {
  'no-total':
    'only known as an increase since the last run, and Cloud Monitoring is told running totals; a source with durable state gives them; or leave the metric out with `metrics.exclude`',
  histogram: 'a histogram whose bounds and counts do not fit together; leave the metric out, and report it',
  'no-number': 'not a number, which the API has no way to write; leave the metric out with `metrics.exclude`',
  'no-integer': 'no whole number, though the metric counts; leave the metric out with `metrics.exclude`, and report it',
  label:
    'a label whose name the API does not take, or whose value has more than 1,024 characters; rename it in the CI system',
  labels: 'more than the 30 labels that a metric may have; configure fewer `labels`',
  duplicate: 'the same labels as another point of this run; the first one is sent',
  'other-kind': 'another metric has the same type and is of another kind; leave one of them out',
  start: 'a total that began no earlier than it was read; the next run sends it, and if not, check the clock',
};

/** Points that never left, one problem for each reason. */
export function tellOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return [...Map.groupBy(omissions, ({ flaw }) => flaw)].map(([flaw, group]) => {
    const named = group.slice(0, maxListed).map(({ metric, points }) => `${metric} (${plural(points, 'point')})`);
    const more = group.length > maxListed ? ` and ${plural(group.length - maxListed, 'other metric')}` : '';
    return { kind: 'rejected', where, message: `left out ${named.join(', ')}${more}: ${flaws[flaw]}` };
  });
}

export function tellHeldBack(points: number, where: string): readonly Problem[] {
  if (points === 0) return [];
  const message = `held back ${plural(points, 'point')} of series that got one less than 5 seconds before, or later than now by this clock: Cloud Monitoring would refuse them; the next run sends newer ones; let only one collector run, and check the clock if this stays`;
  return [{ kind: 'rejected', where, message }];
}

/** What went wrong on the way or at the API, one problem for each reason. */
export function tellDelivery({ total, unsent, failures }: Tally, where: string): readonly Problem[] {
  const explained = failures.map((failure) => ({ ...failure, why: explain(failure.verdict.error) }));
  return [...Map.groupBy(explained, ({ why }) => `${why.kind} ${why.text}`).values()].flatMap((group) =>
    tellGroup(group, { total, unsent, where }),
  );
}

interface Delivered {
  readonly total: number;
  readonly unsent: number;
  readonly where: string;
}

function tellGroup(
  group: readonly (Failure & { readonly why: Explanation })[],
  { total, unsent, where }: Delivered,
): readonly Problem[] {
  const [first] = group;
  if (first === undefined) return [];
  const { verdict, why } = first;
  const lost = group.reduce((sum, { points, stored }) => sum + points.length - stored, 0);
  const verb = verdict.outcome === 'undelivered' ? 'did not arrive' : 'not stored';
  const such = group
    .flatMap(exampleOf)
    .slice(0, 1)
    .map((series) => `, such as ${series}`)
    .join('');
  const rest =
    verdict.outcome === 'undelivered' && unsent > 0 ? `, and ${String(unsent)} were not sent after that` : '';
  const apart = group.some(({ verdict: { outcome }, points }) => outcome === 'refused' && points.length > 1)
    ? ' The metrics of that request are sent one by one from the next run on, so that only the bad one is lost.'
    : '';
  const message = `${String(lost)} of ${plural(total, 'point')} ${verb}${such}${rest}: ${why.text}${apart}`;
  return [{ kind: why.kind, where, message, ...(why.retryAtMs === undefined ? {} : { retryAtMs: why.retryAtMs }) }];
}

/** The series that the API names, or the only one that there was. */
function exampleOf({ verdict, points }: Failure): readonly string[] {
  const place = verdict.error instanceof PartialWriteError ? verdict.error.example : undefined;
  const isAlone = points.length === 1 && verdict.outcome !== 'undelivered';
  const point: Point | undefined = place === undefined && isAlone ? points[0] : points[place ?? -1];
  return point === undefined ? [] : [shownSeries(point.family.type, point.labels)];
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
