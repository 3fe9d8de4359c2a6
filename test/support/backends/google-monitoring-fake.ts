/** Cloud Monitoring on loopback: descriptors and points by the rules of its API, partial writes included. */
import * as z from 'zod';
import type { RecordedRequest } from '../network/loopback-server.ts';

const hourMs = 3_600_000;

const labelKey = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;
const metricType = /^(custom|external)\.googleapis\.com\/[A-Za-z0-9_/]+$/;

const Descriptor = z.strictObject({
  type: z.string(),
  metricKind: z.enum(['GAUGE', 'CUMULATIVE']),
  valueType: z.enum(['INT64', 'DOUBLE', 'DISTRIBUTION']),
  unit: z.string().min(1),
  description: z.string().min(1),
  displayName: z.string().min(1),
  labels: z.array(z.strictObject({ key: z.string().regex(labelKey), valueType: z.literal('STRING') })).max(30),
});
export type Descriptor = z.infer<typeof Descriptor>;

const Value = z.union([
  z.strictObject({ int64Value: z.string().regex(/^-?\d{1,19}$/) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({
    distributionValue: z.strictObject({
      count: z.string().regex(/^\d+$/),
      mean: z.number(),
      bucketOptions: z.strictObject({ explicitBuckets: z.strictObject({ bounds: z.array(z.number()).min(1) }) }),
      bucketCounts: z.array(z.string().regex(/^\d+$/)),
    }),
  }),
]);

const Series = z.strictObject({
  metric: z.strictObject({ type: z.string(), labels: z.record(z.string(), z.string()) }),
  resource: z.union([
    z.strictObject({ type: z.literal('global'), labels: z.strictObject({ project_id: z.string() }) }),
    z.strictObject({
      type: z.literal('generic_task'),
      labels: z.strictObject({
        project_id: z.string(),
        location: z.string(),
        namespace: z.string(),
        job: z.string(),
        task_id: z.string(),
      }),
    }),
  ]),
  metricKind: z.enum(['GAUGE', 'CUMULATIVE']),
  valueType: z.enum(['INT64', 'DOUBLE', 'DISTRIBUTION']),
  unit: z.string(),
  points: z.array(
    z.strictObject({
      interval: z.strictObject({ startTime: z.iso.datetime().optional(), endTime: z.iso.datetime() }),
      value: Value,
    }),
  ),
});
type Series = z.infer<typeof Series>;

const Body = z.strictObject({ timeSeries: z.array(Series) });

export interface StoredPoint {
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly resource: Series['resource'];
  readonly kind: Series['metricKind'];
  readonly startMs: number | undefined;
  readonly endMs: number;
  readonly value: z.infer<typeof Value>;
}

export interface Monitoring {
  readonly answerTo: (request: RecordedRequest) => { readonly status: number; readonly body: unknown };
  readonly stored: () => readonly StoredPoint[];
  readonly descriptors: ReadonlyMap<string, Omit<Descriptor, 'description' | 'displayName'> & { description?: string }>;
  /** Refuses a series for a reason that only the server knows. */
  refuses: (type: string, labels: Readonly<Record<string, string>>) => boolean;
}

type Known = Omit<Descriptor, 'description' | 'displayName'> & { description?: string };

export function startMonitoring(project: string, clock: () => number): Monitoring {
  const descriptors = new Map<string, Known>();
  const last = new Map<string, StoredPoint>();
  const stored: StoredPoint[] = [];
  const monitoring: Monitoring = {
    stored: () => [...stored],
    descriptors,
    refuses: () => false,
    answerTo: (request) => {
      const place = /^\/v3\/projects\/([^/]+)\/(timeSeries|metricDescriptors)$/.exec(request.path);
      if (place === null) return invalid('Not found.', 404, 'NOT_FOUND');
      if (place[1] !== project) return invalid(`Permission denied on ${String(place[1])}.`, 403, 'PERMISSION_DENIED');
      if (request.headers['content-type'] !== 'application/json') return invalid('Content type.');
      const body: unknown = JSON.parse(request.body.toString('utf8'));
      return place[2] === 'metricDescriptors' ? describe(body) : write(body);
    },
  };

  function describe(body: unknown) {
    const { success, data, error } = Descriptor.safeParse(body);
    if (!success) return invalid(`Invalid JSON payload received. ${z.prettifyError(error)}`);
    if (!metricType.test(data.type)) return invalid('Field metricDescriptor.type had an invalid value.');
    const known = descriptors.get(data.type);
    if (known !== undefined && (known.metricKind !== data.metricKind || known.valueType !== data.valueType))
      return invalid('Field metricDescriptor.metricKind conflicts with the existing metric kind.');
    descriptors.set(data.type, data);
    return { status: 200, body: { name: `projects/${project}/metricDescriptors/${data.type}`, ...data } };
  }

  function write(body: unknown) {
    const { success, data, error } = Body.safeParse(body);
    // What is no request of the API is refused before anything of it is looked at.
    if (!success) return invalid(`Invalid JSON payload received. ${z.prettifyError(error)}`);
    const { timeSeries } = data;
    if (timeSeries.length > 200)
      return invalid('Field timeSeries had an invalid value: at most 200 TimeSeries can be written per request.');
    const seen = new Set<string>();
    const faults = timeSeries.flatMap((series, index) => {
      const fault = faultOf(series, seen);
      if (fault === undefined) store(series);
      return fault === undefined ? [] : [`${fault}: timeSeries[${String(index)}]`];
    });
    if (faults.length === 0) return { status: 200, body: {} };
    const summary = {
      '@type': 'type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary',
      totalPointCount: timeSeries.length,
      // Zeros are left out (proto3, JSON mapping).
      ...(timeSeries.length === faults.length ? {} : { successPointCount: timeSeries.length - faults.length }),
      errors: [{ status: { code: 3 }, pointCount: faults.length }],
    };
    return invalid(`One or more TimeSeries could not be written: ${faults.join('; ')}`, 400, 'INVALID_ARGUMENT', [
      summary,
    ]);
  }

  function faultOf(series: Series, seen: Set<string>): string | undefined {
    const key = keyOf(series);
    if (seen.has(key))
      return 'Duplicate TimeSeries encountered. Only one point can be written per TimeSeries per request.';
    seen.add(key);
    if (monitoring.refuses(series.metric.type, series.metric.labels)) return 'a value is not taken';
    return shapeFault(series) ?? intervalFault(series, last.get(key), clock()) ?? kindFault(series);
  }

  function kindFault({ metric, metricKind, valueType, unit }: Series): string | undefined {
    const known = descriptors.get(metric.type);
    if (known === undefined) {
      const labels = Object.keys(metric.labels).map((own) => ({ key: own, valueType: 'STRING' as const }));
      descriptors.set(metric.type, { type: metric.type, metricKind, valueType, unit, labels });
      return undefined;
    }
    if (known.metricKind !== metricKind) return 'The metric kind must match the existing one';
    return known.valueType === valueType ? undefined : 'The value type must match the existing one';
  }

  function store(series: Series): void {
    const [point] = series.points;
    if (point === undefined) return;
    const kept: StoredPoint = {
      type: series.metric.type,
      labels: series.metric.labels,
      resource: series.resource,
      kind: series.metricKind,
      startMs: point.interval.startTime === undefined ? undefined : Date.parse(point.interval.startTime),
      endMs: Date.parse(point.interval.endTime),
      value: point.value,
    };
    last.set(keyOf(series), kept);
    stored.push(kept);
  }
  return monitoring;
}

function shapeFault({ metric, points, valueType, resource }: Series): string | undefined {
  const entries = Object.entries(metric.labels);
  if (!metricType.test(metric.type)) return 'Field metric.type had an invalid value';
  if (entries.length > 30) return 'too many labels';
  if (entries.some(([key, value]) => !labelKey.test(key) || value.length > 1024)) return 'a label is too long';
  if (Object.values(resource.labels).includes('')) return 'a label of the resource is empty';
  const [point] = points;
  if (point === undefined || points.length !== 1) return 'exactly one point is needed';
  const { value } = point;
  const given =
    ('int64Value' in value && 'INT64') ||
    ('doubleValue' in value && 'DOUBLE') ||
    ('distributionValue' in value && 'DISTRIBUTION');
  if (given !== valueType) return 'the value is of another type';
  if (!('distributionValue' in value)) return undefined;
  const { count, bucketOptions, bucketCounts } = value.distributionValue;
  const { bounds } = bucketOptions.explicitBuckets;
  const isAscending = bounds.every((bound, index) => bound > (bounds[index - 1] ?? -Infinity));
  const sum = bucketCounts.reduce((total, own) => total + Number(own), 0);
  const fits = isAscending && bucketCounts.length === bounds.length + 1 && sum === Number(count);
  return fits ? undefined : 'Field distributionValue had an invalid value';
}

function intervalFault(
  { metricKind, points: [point] }: Series,
  before: StoredPoint | undefined,
  nowMs: number,
): string | undefined {
  if (point === undefined) return undefined;
  const { startTime, endTime } = point.interval;
  const endMs = Date.parse(endTime);
  const startMs = startTime === undefined ? undefined : Date.parse(startTime);
  if (endMs > nowMs + 5 * 60_000) return 'the end time is more than five minutes in the future';
  if (endMs < nowMs - 25 * hourMs) return 'the end time is more than 25 hours in the past';
  if (metricKind === 'GAUGE' && startMs !== undefined && startMs !== endMs) return 'a gauge has no interval';
  if (metricKind === 'CUMULATIVE' && (startMs === undefined || startMs >= endMs)) return 'the interval is empty';
  if (before === undefined) return undefined;
  if (endMs <= before.endMs || (startMs !== before.startMs && startMs !== undefined && startMs <= before.endMs))
    return 'Points must be written in order. One or more of the points specified had an older start time than the most recent point.';
  if (endMs < before.endMs + 5000)
    return 'One or more points were written more frequently than the maximum sampling period configured for the metric.';
  return undefined;
}

function keyOf({ metric, resource }: Series): string {
  const sorted = (labels: Readonly<Record<string, string>>) => Object.entries(labels).sort();
  return JSON.stringify([metric.type, sorted(metric.labels), resource.type, sorted(resource.labels)]);
}

function invalid(message: string, code = 400, status = 'INVALID_ARGUMENT', details: readonly unknown[] = []) {
  return { status: code, body: { error: { code, message, status, ...(details.length > 0 ? { details } : {}) } } };
}
