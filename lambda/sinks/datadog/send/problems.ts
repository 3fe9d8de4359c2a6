/** Tells what was left out and what was lost: one problem for each reason, with one of the points as an example. */
import type { Problem } from '../../../model/problem.ts';
import type { Finding, Flaw } from '../encode/findings.ts';
import { shown } from '../encode/shown.ts';
import { maxAgeMs, maxAheadMs, maxNameLength, maxTagLength } from '../limits.ts';
import type { Loss } from './deliver.ts';

const minuteMs = 60_000;
const range = `Datadog takes the last ${String(maxAgeMs / minuteMs)} minutes and the next ${String(maxAheadMs / minuteMs)}`;

const flaws: Readonly<Record<Flaw, string>> = {
  number:
    'left out, as far as they are not numbers: Datadog takes neither NaN nor infinities; leave the metric out with `metrics.exclude`, and report it',
  size: 'left out, for a single one is larger than a request may be; use fewer or shorter `tags`',
  time: `left out, for ${range}; check the clock of this machine`,
  name: `left out, for Datadog takes names that begin with a letter and have at most ${String(maxNameLength)} characters; rename the metric where it is measured`,
  collision:
    'left out, for another series has the same name and tags at Datadog, which knows no upper case and few special characters; rename one of them in the CI system',
  merged:
    'added up with another series, for both have the same name and tags at Datadog, which knows no upper case and few special characters; rename one of them in the CI system',
  cut: `sent with a tag cut to ${String(maxTagLength)} characters, which is all that Datadog keeps; use a shorter name`,
};

/** Longest part of a series that a message repeats. */
const maxExample = 300;

/** Points that are not sent as they are. */
export function tellFindings(findings: readonly Finding[], where: string): readonly Problem[] {
  return findings.map(({ flaw, metric, points, example }) => ({
    kind: 'rejected',
    where,
    message: `${plural(points)} of ${metric}, such as ${shortened(example)}: ${flaws[flaw]}`,
  }));
}

/** Increases of earlier runs that cannot be sent any more. */
export function tellUnsendable(
  { old, unreadable }: { readonly old: number; readonly unreadable: number },
  where: string,
): readonly Problem[] {
  const late = `${String(old)} increases of earlier runs are lost: ${range}; find out from the problems of those runs why they could not be sent`;
  const unknown = `${String(unreadable)} increases of earlier runs are kept in a shape that is not known, and are lost; please report it`;
  return [
    ...(old > 0 ? [{ kind: 'rejected', where, message: late } as const] : []),
    ...(unreadable > 0 ? [{ kind: 'bug', where, message: unknown } as const] : []),
  ];
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
    const message = `${plural(count)} ${verb}, such as ${shortened(shown(example))}: ${first.problem.message}`;
    return [{ ...first.problem, message }];
  });
}

function shortened(text: string): string {
  return text.length > maxExample ? `${text.slice(0, maxExample).toWellFormed()}…` : text;
}

function plural(count: number): string {
  return `${String(count)} point${count === 1 ? '' : 's'}`;
}
