import type { Problem } from '../../model/problem.ts';
import { type Explanation, explain } from './explain.ts';
import { shownLabels } from './exposition.ts';
import type { Omission } from './batch-series.ts';
import type { Flaw } from './expand.ts';
import type { Failure, Tally } from './tally.ts';

/** Metric names that a message lists before it only counts. */
const maxListed = 5;

const flaws: Readonly<Record<Flaw, string>> = {
  'no-total':
    'only known as an increase since the last run, which remote write cannot carry; a source with durable state gives running totals, or leave the metric out with `metrics.exclude`',
  'metric-name': 'not a Prometheus metric name',
  'label-name': 'a label name that Prometheus does not allow, or that it keeps for itself',
  histogram: 'a histogram whose bounds do not ascend or do not fit its counts',
  duplicate: 'the same labels as another sample of this run; the first one is sent',
};

/** Samples that never left, one problem for each reason. */
export function problemsOfOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return [...Map.groupBy(omissions, ({ flaw }) => flaw)].map(([flaw, group]) => {
    const named = group.slice(0, maxListed).map(({ metric, samples }) => `${metric} (${plural(samples, 'sample')})`);
    const more = group.length > maxListed ? ` and ${plural(group.length - maxListed, 'other metric')}` : '';
    return { kind: 'rejected', where, message: `left out ${named.join(', ')}${more}: ${flaws[flaw]}` };
  });
}

/** What went wrong on the way or at the receiver, one problem for each reason. */
export function problemsOfDelivery({ total, unsent, failures }: Tally, where: string): readonly Problem[] {
  const explained = failures.map((failure) => ({ ...failure, why: explanationOf(failure) }));
  const groups = [...Map.groupBy(explained, ({ why }) => `${why.kind} ${why.text}`).values()];
  return groups.flatMap((group): readonly Problem[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { verdict, why } = first;
    const verb = verdict.outcome === 'undelivered' ? 'did not arrive' : 'refused';
    const lost = group.reduce((sum, { samples }) => sum + samples, 0);
    const example = group.find(({ only }) => only !== undefined)?.only;
    const such = example === undefined ? '' : `, such as ${shownLabels(example)}`;
    const rest =
      verdict.outcome === 'undelivered' && unsent > 0 ? `, and ${String(unsent)} were not sent after that` : '';
    const message = `${String(lost)} of ${plural(total, 'sample')} ${verb}${such}${rest}: ${why.text}${apartFromNow(group)}`;
    return [{ kind: why.kind, where, message, ...(why.retryAtMs === undefined ? {} : { retryAtMs: why.retryAtMs }) }];
  });
}

/** A request of several metrics says nothing of which of them was bad; the next runs tell. */
function apartFromNow(group: readonly Failure[]): string {
  const isMixed = group.some(({ verdict: { outcome }, metrics }) => outcome === 'refused' && metrics > 1);
  if (!isMixed) return '';
  return ' The metrics of that request are sent one by one from the next run on, so that only the bad one is lost.';
}

function explanationOf({ verdict, datedBy }: Failure): Explanation {
  const isSilent = verdict.outcome === 'partial' && verdict.error === undefined;
  return isSilent ? silentLoss : explain(verdict.error, datedBy);
}

const silentLoss: Explanation = {
  kind: 'rejected',
  text: 'the receiver answered with success and says that it has written fewer; look at its own rules and logs',
};

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
