/** Adds up what a real Prometheus or a CloudWatch fake has been sent, to compare counts. */
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import type { StoredDatum } from './backends/cloudwatch-fake-rules.ts';
import type { QueryServer } from '../servers/prometheus.ts';

export type Sums = Readonly<Record<string, number>>;

/** Totals of a counter in a Prometheus by some of its labels, without the zeros that exist only for `increase()`. */
export async function prometheusTotals(
  server: QueryServer,
  { name }: MetricDefinition<'counter'>,
  labels: readonly string[],
): Promise<Sums> {
  const samples = await server.query(`sum by (${labels.join(', ')}) (${name}) > 0`);
  return Object.fromEntries(
    samples.map((sample) => [labels.map((label) => sample.labels[label]).join('|'), Number(sample.value)]),
  );
}

/** What CloudWatch would show as the Sum over all time, by some dimensions and the result that the name stands for. */
export function cloudWatchSums(
  datums: readonly StoredDatum[],
  { cloudWatch }: MetricDefinition<'counter'>,
  dimensions: readonly string[],
): Sums {
  const { name } = cloudWatch;
  if (typeof name === 'string') throw new Error('the metric has no name for each result');
  const results = new Map(Object.entries(name.names).map(([result, metric]) => [metric, result]));
  const sums = new Map<string, number>();
  for (const datum of datums) {
    const result = results.get(datum.name);
    const values = dimensions.map((wanted) => datum.dimensions.find((dimension) => dimension.name === wanted)?.value);
    // The roll-up over all queues has fewer dimensions.
    if (result === undefined || values.includes(undefined)) continue;
    const key = [...values, result].join('|');
    const sum = datum.values.reduce((all, value, index) => all + value * (datum.counts[index] ?? 1), 0);
    if (sum > 0) sums.set(key, (sums.get(key) ?? 0) + sum);
  }
  return Object.fromEntries(sums);
}

/** Adds up what differs only in parts of the key that are not wanted. */
export function byParts(sums: Sums, parts: readonly number[]): Sums {
  const wanted = new Map<string, number>();
  for (const [key, value] of Object.entries(sums)) {
    const all = key.split('|');
    const short = parts.map((part) => all[part]).join('|');
    wanted.set(short, (wanted.get(short) ?? 0) + value);
  }
  return Object.fromEntries(wanted);
}
