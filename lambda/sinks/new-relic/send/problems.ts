/** Tells what was left out and what was lost: one problem for each reason, with one of the samples as an example. */
import type { Problem } from '../../../model/problem.ts';
import type { Loss } from '../../../series/send-searching.ts';
import type { Finding, Flaw } from '../encode/findings.ts';
import type { Item } from '../encode/item.ts';
import { showName } from '../encode/shown.ts';
import { maxAgeMs, maxAheadMs, maxAttributes, maxNameLength, maxValueLength } from '../limits.ts';

const hourMs = 3_600_000;
const range = `New Relic takes the last ${String(maxAgeMs / hourMs)} hours and the next ${String(maxAheadMs / hourMs)}`;

const flaws: Readonly<Record<Flaw, string>> = {
  number:
    'left out, as far as they are not numbers: New Relic takes neither NaN nor infinities; leave the metric out with `metrics.exclude`, and report it',
  size: 'left out, for a single one is larger than a request may be; give it fewer or shorter labels',
  time: `left out, for ${range}; check the clock of this machine`,
  name: `left out, for the name has more than ${String(maxNameLength)} characters; rename the metric where it is measured`,
  attributes: `left out, for New Relic takes ${String(maxAttributes)} attributes of a metric; configure fewer \`attributes\`, or leave labels out where it is measured`,
  setting: 'left out, for one of `attributes` has the name of the metric; call that attribute otherwise',
  collision: `left out, for another series has the same attributes once values are cut to ${String(maxValueLength)} characters; use shorter names`,
  renamed:
    'sent with another key in place of a label, for New Relic keeps such a name for itself or has no place for its characters; rename the label where it is measured',
  cut: `sent with a value cut to ${String(maxValueLength)} characters, which is all that New Relic keeps; use a shorter name`,
};

/** Longest part of a series that a message repeats. */
const maxExample = 300;

/** Samples that are not sent as they are. */
export function tellFindings(findings: readonly Finding[], where: string): readonly Problem[] {
  return findings.map(({ flaw, metric, samples, example }) => ({
    kind: 'rejected',
    where,
    message: `${plural(samples)} of ${metric}, such as ${shortened(example)}: ${flaws[flaw]}`,
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

/** Samples that left, or were about to. */
export function tellLosses(losses: readonly Loss<Item>[]): readonly Problem[] {
  const groups = Map.groupBy(losses, ({ outcome, problem }) => `${outcome} ${problem.kind} ${problem.message}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const example = first?.items[0];
    if (first === undefined || example === undefined) return [];
    const count = group.reduce((sum, { items }) => sum + items.length, 0);
    const verb = first.outcome === 'unknown' ? 'may not have been stored' : 'not stored';
    const message = `${plural(count)} ${verb}, such as ${shortened(showName(example))}: ${first.problem.message}`;
    return [{ ...first.problem, message }];
  });
}

function shortened(text: string): string {
  return text.length > maxExample ? `${text.slice(0, maxExample).toWellFormed()}…` : text;
}

function plural(count: number): string {
  return `${String(count)} sample${count === 1 ? '' : 's'}`;
}
