import type { Problem } from '../../model/problem.ts';
import { type Explanation, explain } from './explain.ts';
import { shownLabels } from './exposition.ts';
import type { Settled } from './isolate.ts';
import type { Flaw, Omission } from './series.ts';

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
export function problemsOfDelivery(settled: readonly Settled[], where: string): readonly Problem[] {
  const total = settled.reduce((sum, { series }) => sum + series.length, 0);
  const unsent = settled.reduce(
    (sum, { series, verdict }) => sum + (verdict.outcome === 'unsent' ? series.length : 0),
    0,
  );
  const failures = settled.map(failureOf).filter((failure) => failure !== undefined);
  const groups = [...Map.groupBy(failures, ({ why }) => `${why.kind} ${why.text}`).values()];
  return groups.flatMap((group): readonly Problem[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { verb, why } = first;
    const lost = group.reduce((sum, { samples }) => sum + samples, 0);
    const example = group.find(({ only }) => only !== undefined)?.only;
    const such = example === undefined ? '' : `, such as ${example}`;
    const rest = verb === 'did not arrive' && unsent > 0 ? `, and ${String(unsent)} were not sent after that` : '';
    const message = `${String(lost)} of ${plural(total, 'sample')} ${verb}${such}${rest}: ${why.text}`;
    return [{ kind: why.kind, where, message, ...(why.retryAtMs === undefined ? {} : { retryAtMs: why.retryAtMs }) }];
  });
}

interface Failure {
  readonly verb: 'refused' | 'did not arrive';
  readonly why: Explanation;
  readonly samples: number;
  /** The series, where it is known which one it was. */
  readonly only?: string | undefined;
}

function failureOf({ series, verdict }: Settled): Failure | undefined {
  switch (verdict.outcome) {
    case 'stored':
    case 'unsent':
      return undefined;
    case 'partial':
      return {
        verb: 'refused',
        why: verdict.error === undefined ? silentLoss : explain(verdict.error),
        samples: series.length - verdict.stored,
      };
    case 'refused': {
      const [one] = series;
      const only = series.length === 1 && one !== undefined ? shownLabels(one.labels) : undefined;
      return { verb: 'refused', why: explain(verdict.error), samples: series.length, only };
    }
    case 'undelivered':
      return { verb: 'did not arrive', why: explain(verdict.error), samples: series.length };
  }
}

const silentLoss: Explanation = {
  kind: 'rejected',
  text: 'the receiver answered with success and says that it has written fewer; look at its own rules and logs',
};

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
