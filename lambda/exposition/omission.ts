import type { Problem } from '../model/problem.ts';

/** Why a sample cannot stand on a page. */
export type Flaw = 'no-total' | 'type' | 'metric-name' | 'label-name' | 'histogram' | 'duplicate' | 'older';

/** Samples of one metric that a page leaves out. */
export interface Omission {
  readonly metric: string;
  readonly samples: number;
  readonly flaw: Flaw;
}

/** Metric names that a message lists before it only counts. */
const maxListed = 5;

const flaws: Readonly<Record<Flaw, string>> = {
  'no-total':
    'only known as an increase since the last run, which a page of running totals cannot show; a source with durable state gives totals, or leave the metric out with `metrics.exclude`',
  type: 'another source gives a metric of this name with another type; leave one of them out with `metrics.exclude`',
  'metric-name': 'not a Prometheus metric name',
  'label-name': 'a label name that Prometheus does not allow, or that it keeps for itself',
  histogram: 'a histogram whose bounds do not ascend or do not fit its counts',
  older: 'a page shows one sample of a series, and there is a newer one',
  duplicate: 'the same labels as another sample of this run; the first one is kept',
};

/** Samples that were left out, one problem for each reason. */
export function problemsOfOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return [...Map.groupBy(omissions, ({ flaw }) => flaw)].map(([flaw, group]) => {
    const named = group.map(({ metric, samples }) => `${metric} (${plural(samples, 'sample')})`);
    return { kind: 'rejected', where, message: `left out ${listed(named)}: ${flaws[flaw]}` };
  });
}

/** `a, b, c, d, e and 2 others` */
export function listed(names: readonly string[]): string {
  const more = names.length - maxListed;
  const shown = names.slice(0, maxListed).join(', ');
  return more > 0 ? `${shown} and ${plural(more, 'other')}` : shown;
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
