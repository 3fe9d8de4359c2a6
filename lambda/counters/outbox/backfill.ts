/** Packs finishes from before the installation for sinks that take old timestamps. */
import type { Batch } from '../../model/batch.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../model/metric.ts';
import { formatSeriesKey } from '../../model/families/order.ts';
import type { Parcel } from '../../model/delivery.ts';
import type { CountedSink } from './counted-sink.ts';
import type { CountedSource } from '../tick/count-tick.ts';
import type { Finish } from '../finish.ts';
import { minuteMs } from '../../model/time.ts';

/** Finishes from before the installation, of one source. */
export interface Backfill {
  readonly source: CountedSource;
  readonly finishes: readonly Finish[];
}

/** Five points an hour would be too coarse to look at, sixty are twelve times the requests. */
const stepMs = 5 * minuteMs;

/** History as one sink takes it later on, stamped with the time of the finishes; nothing where it cannot. */
export function packBackfill({ pack }: CountedSink, histories: readonly Backfill[]): readonly Parcel[] {
  if (pack === undefined) return [];
  return histories.flatMap((backfill) => buildBatches(backfill).flatMap((batch) => pack(batch)));
}

function buildBatches({ source, finishes }: Backfill): readonly Batch[] {
  const steps = Map.groupBy(finishes, ({ finishedMs }) => Math.floor(finishedMs / stepMs) * stepMs);
  return [...steps].map(([tickMs, group]) => ({
    tickMs,
    collectedAtMs: tickMs,
    sources: [{ system: source.system, source: source.name, status: 'complete', families: sumFamilies(group) }],
    health: [],
  }));
}

interface Summed<Value> {
  readonly labels: Labels;
  readonly values: Value[];
}

/** Increases only: what is old never enters a running total. */
function sumFamilies(finishes: readonly Finish[]): readonly MetricFamily[] {
  const counters = new Map<MetricDefinition<'counter'>, Map<string, Summed<number>>>();
  const distributions = new Map<MetricDefinition<'distribution'>, Map<string, Summed<number>>>();
  for (const { counts, observations } of finishes) {
    for (const { metric, labels, increase } of counts) add(counters, metric, labels, Math.max(0, increase));
    for (const { metric, labels, value } of observations) add(distributions, metric, labels, Math.max(0, value));
  }
  return [
    ...[...counters].map(([definition, series]): MetricFamily => {
      const samples = [...series.values()].map(({ labels, values }) => ({ labels, increase: total(values) }));
      return { type: 'counter', definition, samples };
    }),
    ...[...distributions].map(([definition, series]): MetricFamily => {
      const samples = [...series.values()].map(({ labels, values }) => ({ labels, observations: values }));
      return { type: 'distribution', definition, samples };
    }),
  ];
}

function add<Metric>(
  sums: Map<Metric, Map<string, Summed<number>>>,
  metric: Metric,
  labels: Labels,
  value: number,
): void {
  const series = sums.get(metric) ?? new Map<string, Summed<number>>();
  sums.set(metric, series);
  const key = formatSeriesKey(labels);
  const found = series.get(key);
  if (found === undefined) series.set(key, { labels, values: [value] });
  else found.values.push(value);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
