/** What the CloudWatch fake has stored, and its answers to ListMetrics and GetMetricData. */
import { isRecord, RefusedError, type StoredDatum, type StoredDimension } from './cloudwatch-fake-rules.ts';

/** What was stored, answered as ListMetrics and GetMetricData do: a datum that came twice shows in Sum, not in Maximum. */
export interface MetricStore {
  readonly datums: readonly StoredDatum[];
  add(datums: readonly StoredDatum[]): void;
  clear(): void;
  listMetrics(body: unknown): unknown;
  getMetricData(body: unknown): unknown;
}

export function createMetricStore(): MetricStore {
  const datums: StoredDatum[] = [];
  return {
    datums,
    add: (added) => {
      datums.push(...added);
    },
    clear: () => {
      datums.length = 0;
    },
    listMetrics: (body) => listMetrics(datums, body),
    getMetricData: (body) => getMetricData(datums, body),
  };
}

/** Namespace, name and dimensions in any order: one metric to CloudWatch. */
function identityOf({ namespace, name, dimensions }: Pick<StoredDatum, 'namespace' | 'name' | 'dimensions'>): string {
  const sorted = dimensions.map((dimension) => `${dimension.name}=${dimension.value}`).sort();
  return JSON.stringify([namespace, name, sorted]);
}

function listMetrics(datums: readonly StoredDatum[], body: unknown): unknown {
  const { Namespace: namespace, MetricName: name } = isRecord(body) ? body : {};
  const found = datums.filter(
    (datum) => (namespace ?? datum.namespace) === datum.namespace && (name ?? datum.name) === datum.name,
  );
  const unique = new Map(found.map((datum) => [identityOf(datum), datum]));
  return {
    Metrics: [...unique.values()].map((datum) => ({
      Namespace: datum.namespace,
      MetricName: datum.name,
      Dimensions: datum.dimensions.map((dimension) => ({ Name: dimension.name, Value: dimension.value })),
    })),
  };
}

interface Query {
  readonly id: string;
  readonly label: string;
  readonly identity: string;
  readonly periodMs: number;
  readonly stat: string;
}

function getMetricData(datums: readonly StoredDatum[], body: unknown): unknown {
  if (!isRecord(body) || !Array.isArray(body['MetricDataQueries']))
    throw new RefusedError(400, 'MissingRequiredParameterException', 'MetricDataQueries is required');
  const [startMs, endMs] = [Number(body['StartTime']) * 1000, Number(body['EndTime']) * 1000];
  const inRange = datums.filter(({ timestampMs }) => timestampMs >= startMs && timestampMs < endMs);
  return {
    MetricDataResults: body['MetricDataQueries'].map((raw: unknown) => {
      const query = queryOf(raw);
      // Newest first, as CloudWatch answers unless asked otherwise.
      const points = [...statistics(inRange, query)].sort(([a], [b]) => b - a);
      return {
        Id: query.id,
        Label: query.label,
        Timestamps: points.map(([timeMs]) => timeMs / 1000),
        Values: points.map(([, value]) => value),
        StatusCode: 'Complete',
      };
    }),
  };
}

function queryOf(raw: unknown): Query {
  const stat = isRecord(raw) ? raw['MetricStat'] : undefined;
  const metric = isRecord(stat) ? stat['Metric'] : undefined;
  if (!isRecord(raw) || !isRecord(stat) || !isRecord(metric))
    throw new RefusedError(400, 'InvalidParameterValueException', 'only queries with MetricStat are supported');
  const name = String(metric['MetricName']);
  const identity = identityOf({ namespace: String(metric['Namespace']), name, dimensions: dimensionsOf(metric) });
  return {
    id: String(raw['Id']),
    label: name,
    identity,
    periodMs: Number(stat['Period']) * 1000,
    stat: String(stat['Stat']),
  };
}

function dimensionsOf({ Dimensions: dimensions }: Readonly<Record<string, unknown>>): readonly StoredDimension[] {
  if (!Array.isArray(dimensions)) return [];
  return dimensions
    .filter(isRecord)
    .map(({ Name: name, Value: value }) => ({ name: String(name), value: String(value) }));
}

/** One value for each period that has datums. */
function statistics(datums: readonly StoredDatum[], query: Query): ReadonlyMap<number, number> {
  const matching = datums.filter((datum) => identityOf(datum) === query.identity);
  const periods = Map.groupBy(matching, ({ timestampMs }) => Math.floor(timestampMs / query.periodMs) * query.periodMs);
  return new Map([...periods].map(([startMs, group]) => [startMs, statistic(group, query.stat)]));
}

function statistic(datums: readonly StoredDatum[], stat: string): number {
  const observations = datums.flatMap(({ values, counts }) =>
    values.map((value, index) => ({ value, count: counts[index] ?? 1 })),
  );
  const sum = observations.reduce((total, { value, count }) => total + value * count, 0);
  const samples = observations.reduce((total, { count }) => total + count, 0);
  const values = observations.map(({ value }) => value);
  switch (stat) {
    case 'Sum':
      return sum;
    case 'SampleCount':
      return samples;
    case 'Average':
      return sum / samples;
    case 'Minimum':
      return values.reduce((least, value) => Math.min(least, value), Infinity);
    case 'Maximum':
      return values.reduce((most, value) => Math.max(most, value), -Infinity);
    default:
      throw new RefusedError(400, 'InvalidParameterValueException', `the statistic ${stat} is not supported`);
  }
}
