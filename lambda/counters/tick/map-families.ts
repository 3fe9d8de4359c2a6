/** Maps the totals of one metric to the family that sinks get. */
import type { CounterSample, DistributionSample, Exemplar, Labels, MetricFamily } from '../../model/metric.ts';
import { isOfType, type KnownMetric } from './find-series.ts';
import type { Series } from '../state/state.ts';

/** What this tick added to one series. */
export interface Increase {
  increase: number;
  readonly observations: number[];
  /** The latest of each bucket: a histogram has room for no more. */
  readonly exemplars: Map<number, Exemplar>;
}

/** All series of a metric as a family; none for a metric without series. */
export function mapFamily(metric: KnownMetric, increases: ReadonlyMap<Series, Increase>): readonly MetricFamily[] {
  const { definition, bounds, totals } = metric;
  const all = [...totals.series.values()];
  if (all.length === 0) return [];
  const buildLabels = ({ values }: Series): Labels =>
    Object.fromEntries(totals.labels.map((label, index) => [label, values[index] ?? '']));
  if (isOfType(definition, 'gauge')) {
    const set = all.filter(({ numbers }) => (numbers[1] ?? -1) >= 0);
    const samples = set.map((series) => ({ labels: buildLabels(series), value: series.numbers[0] ?? 0 }));
    return samples.length === 0 ? [] : [{ type: 'gauge', definition, samples }];
  }
  if (isOfType(definition, 'counter')) {
    const samples = all.map((series) => mapCounterSample(buildLabels(series), series, increases.get(series)));
    return [{ type: 'counter', definition, samples }];
  }
  if (!isOfType(definition, 'distribution')) return [];
  const samples = all.map((series) =>
    mapDistributionSample(buildLabels(series), series, bounds, increases.get(series)),
  );
  return [{ type: 'distribution', definition, samples }];
}

function mapCounterSample(labels: Labels, { numbers, startMs }: Series, added: Increase | undefined): CounterSample {
  return { labels, increase: added?.increase ?? 0, total: { value: numbers[0] ?? 0, startMs } };
}

function mapDistributionSample(
  labels: Labels,
  { numbers, startMs }: Series,
  bounds: readonly number[],
  added: Increase | undefined,
): DistributionSample {
  const total = { bounds, counts: numbers.slice(0, -1), sum: numbers.at(-1) ?? 0, startMs };
  const sample = { labels, observations: added?.observations ?? [], total };
  const exemplars = [...(added?.exemplars.values() ?? [])];
  return exemplars.length === 0 ? sample : { ...sample, exemplars };
}
