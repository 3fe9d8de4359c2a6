/** Tells as problems what was left out, and what was not stored. */
import type { Problem } from '../../../model/problem.ts';
import type { Flaw } from '../encode/family-points.ts';
import type { Omission } from '../encode/points.ts';
import { shownSeries } from '../encode/shown.ts';
import { type Explanation, explain } from './explain.ts';
import type { Failure, Tally } from './tally.ts';

/** Metric names that a message lists before it only counts. */
const maxListed = 5;

const flaws: Readonly<Record<Flaw, string>> = {
  'no-total':
    'only known as an increase since the last run, which a cumulative sum cannot carry; a source with durable state gives running totals; set temporality: delta, or leave the metric out with `metrics.exclude`',
  histogram: 'a histogram whose bounds and counts do not fit, or an observation that is no number',
  duplicate: 'the same attributes as another point of this run; the first one is sent',
  'other-kind': 'another metric has the same name and is of another kind; leave one of them out with `metrics.exclude`',
  attributes: 'more attributes than the receiver takes of a point; configure fewer under `attributes`',
  size: 'larger by itself than `bytesPerRequest`',
  time: 'a time that OTLP cannot write',
};

/** Points that never left, one problem for each reason. */
export function problemsOfOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return [...Map.groupBy(omissions, ({ flaw }) => flaw)].map(([flaw, group]) => {
    const named = group.slice(0, maxListed).map(({ metric, points }) => `${metric} (${plural(points, 'point')})`);
    const more = group.length > maxListed ? ` and ${plural(group.length - maxListed, 'other metric')}` : '';
    return { kind: 'rejected', where, message: `left out ${named.join(', ')}${more}: ${flaws[flaw]}` };
  });
}

/** What went wrong on the way or at the receiver, one problem for each reason. */
export function problemsOfDelivery({ total, unsent, failures }: Tally, where: string): readonly Problem[] {
  const explained = failures.map((failure) => ({ ...failure, why: explain(errorOf(failure)) }));
  const groups = [...Map.groupBy(explained, ({ why }) => `${why.kind} ${why.text}`).values()];
  return groups.flatMap((group): readonly Problem[] => {
    const [first] = group;
    return first === undefined ? [] : [problemOf(first, group, { total, unsent, where })];
  });
}

interface Delivered {
  readonly total: number;
  readonly unsent: number;
  readonly where: string;
}

function problemOf(
  { verdict, why }: Failure & { readonly why: Explanation },
  group: readonly Failure[],
  { total, unsent, where }: Delivered,
): Problem {
  const verb = verdict.outcome === 'undelivered' ? 'did not arrive' : 'refused';
  const lost = group.reduce((sum, { points }) => sum + points, 0);
  const example = group.find(({ only }) => only !== undefined)?.only;
  const such = example === undefined ? '' : `, such as ${shownSeries(example.name, example.labels)}`;
  const isStopped = verdict.outcome === 'undelivered' && unsent > 0;
  const rest = isStopped ? `, and ${String(unsent)} were not sent after that` : '';
  const message = `${String(lost)} of ${plural(total, 'point')} ${verb}${such}${rest}: ${why.text}${apartFromNow(group)}`;
  return { kind: why.kind, where, message, ...(why.retryAtMs === undefined ? {} : { retryAtMs: why.retryAtMs }) };
}

/** A request of several metrics says nothing of which of them was bad; the next runs tell. */
function apartFromNow(group: readonly Failure[]): string {
  const isMixed = group.some(({ verdict: { outcome }, metrics }) => outcome === 'refused' && metrics > 1);
  if (!isMixed) return '';
  return ' The metrics of that request are sent one by one from the next run on, so that only the bad one is lost.';
}

function errorOf({ verdict }: Failure): unknown {
  return verdict.error;
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
