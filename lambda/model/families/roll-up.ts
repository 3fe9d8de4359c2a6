/** Combines samples of several label sets into one, by the rule of their metric. */
import type {
  Combination,
  CounterSample,
  DistributionSample,
  GaugeSample,
  Labels,
  MetricFamily,
  RunningTotal,
} from '../metric.ts';
import { addHistograms } from './add-histograms.ts';
import { formatKey } from './order.ts';

/** Which samples become one: those with the same key, under the labels that the first of them gets. */
export interface Grouping {
  readonly key: (labels: Labels) => string;
  readonly relabel: (labels: Labels) => Labels;
}

/** Groups by the values of the named labels and drops the others. */
export function groupByLabels(names: readonly string[]): Grouping {
  return {
    key: (labels) => formatKey(labels, names),
    relabel: (labels) => Object.fromEntries(names.flatMap((name) => wrapEntry(name, labels[name]))),
  };
}

function wrapEntry(name: string, value: string | undefined): readonly (readonly [string, string])[] {
  return value === undefined ? [] : [[name, value]];
}

/** Combines the samples of each group by the definition's own combination. */
export function rollUp(family: MetricFamily, grouping: Grouping): MetricFamily {
  switch (family.type) {
    case 'gauge': {
      const { combination } = family.definition;
      return {
        ...family,
        samples: combine(family.samples, grouping, (samples) => combineGauges(samples, combination)),
      };
    }
    case 'counter':
      return { ...family, samples: combine(family.samples, grouping, combineCounters) };
    case 'distribution':
      return { ...family, samples: combine(family.samples, grouping, combineDistributions) };
  }
}

function combine<Sample extends { readonly labels: Labels }>(
  samples: readonly Sample[],
  { key, relabel }: Grouping,
  join: (samples: readonly [Sample, ...Sample[]]) => Sample,
): readonly Sample[] {
  const groups = new Map<string, [Sample, ...Sample[]]>();
  for (const sample of samples) {
    const groupKey = key(sample.labels);
    const group = groups.get(groupKey);
    if (group === undefined) groups.set(groupKey, [sample]);
    else group.push(sample);
  }
  return [...groups.values()].map((group) => {
    const combined = group.length === 1 ? group[0] : join(group);
    return { ...combined, labels: relabel(combined.labels) };
  });
}

function combineGauges(samples: readonly [GaugeSample, ...GaugeSample[]], combination: Combination): GaugeSample {
  const [{ labels }] = samples;
  const values = samples.map(({ value }) => value);
  switch (combination) {
    case 'sum':
      return { labels, value: values.reduce((sum, value) => sum + value, 0) };
    case 'max':
      return { labels, value: values.reduce((max, value) => Math.max(max, value), -Infinity) };
    case 'min':
      return { labels, value: values.reduce((min, value) => Math.min(min, value), Infinity) };
    case 'ratio':
    case 'whole-percent': {
      const share = {
        part: samples.reduce((sum, sample) => sum + (sample.share?.part ?? 0), 0),
        whole: samples.reduce((sum, sample) => sum + (sample.share?.whole ?? 0), 0),
      };
      return { labels, share, value: combination === 'ratio' ? computeRatio(share) : computeWholePercent(share) };
    }
  }
}

interface Parts {
  readonly part: number;
  readonly whole: number;
}

function computeRatio({ part, whole }: Parts): number {
  return whole === 0 ? 0 : part / whole;
}

/** Integer division, 0 for an empty whole: the arithmetic of buildkite-agent-metrics' percentage. */
export function computeWholePercent({ part, whole }: Parts): number {
  return whole === 0 ? 0 : Math.trunc((100 * part) / whole);
}

function combineCounters(samples: readonly [CounterSample, ...CounterSample[]]): CounterSample {
  const [{ labels }] = samples;
  const increase = samples.reduce((sum, sample) => sum + sample.increase, 0);
  const totals = samples.map(({ total }) => total).filter((total) => total !== undefined);
  return totals.length === samples.length ? { labels, increase, total: addTotals(totals) } : { labels, increase };
}

function addTotals(totals: readonly RunningTotal[]): RunningTotal {
  return {
    value: totals.reduce((sum, { value }) => sum + value, 0),
    startMs: totals.reduce((latest, { startMs }) => Math.max(latest, startMs), 0),
  };
}

function combineDistributions(samples: readonly [DistributionSample, ...DistributionSample[]]): DistributionSample {
  const [{ labels }] = samples;
  const observations = samples.flatMap((sample) => sample.observations);
  const totals = samples.map(({ total }) => total).filter((total) => total !== undefined);
  const total = totals.length === samples.length ? addHistograms(totals) : undefined;
  return total === undefined ? { labels, observations } : { labels, observations, total };
}
