/** The backends of the sinks that exist, each told once: how its requests are read, and what it answers. */
import { gunzipSync, inflateSync } from 'node:zlib';
import * as z from 'zod';
import { collectMetricNames } from '../../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { MetricType } from '../../../lambda/model/metric.ts';
import { catalogue } from '../../../lambda/model/catalogue/catalogue.ts';
import type { RecordedRequest } from '../../support/network/loopback-server.ts';
import { decodeNewRelic } from '../../support/backends/new-relic-fake.ts';
import {
  decodeJson,
  decodeProtobuf,
  type DecodedSeries as OtlpSeries,
  encodeResponse,
  seriesIn,
} from '../../support/backends/otlp-decode.ts';
import {
  decodeV1,
  decodeV2,
  type DecodedSeries,
  staleBits,
  uncompress,
} from '../../support/backends/remote-write-decode.ts';
import { answerAllOrNothing, type DecodedRequest, type HttpBackend } from './http-receiver.ts';
import { valuesOfPage } from './page-receiver.ts';
import type { ReceivedValue } from './facts.ts';

function textOf({ headers, body }: RecordedRequest): string {
  return (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8');
}

const PutMetricData = z.object({
  MetricData: z.array(
    z.object({
      MetricName: z.string(),
      Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
      Timestamp: z.number(),
      Value: z.number().optional(),
      Values: z.array(z.number()).optional(),
      Counts: z.array(z.number()).optional(),
    }),
  ),
});

const namesOf = (type: MetricType): ReadonlySet<string> =>
  new Set(
    catalogue.filter((metric) => metric.type === type).flatMap(({ cloudWatch }) => collectMetricNames(cloudWatch)),
  );

const namesOfIncreases = namesOf('counter');
const namesOfObservations = namesOf('distribution');

function kindOfDatum(name: string): ReceivedValue['kind'] {
  if (namesOfIncreases.has(name)) return 'increase';
  return namesOfObservations.has(name) ? 'observations' : 'level';
}

/** A value that came several times stands once, with its count. */
function valuesOfSet({ Values = [], Counts }: { Values?: number[] | undefined; Counts?: number[] | undefined }) {
  return Values.flatMap((value, index) => Array.from({ length: Counts?.[index] ?? 1 }, () => value));
}

export const cloudWatchBackend: HttpBackend = {
  decode: (request) => ({
    values: PutMetricData.parse(JSON.parse(textOf(request))).MetricData.map((datum) => ({
      name: datum.MetricName,
      labels: Object.fromEntries(datum.Dimensions.map(({ Name, Value }) => [Name, Value])),
      kind: kindOfDatum(datum.MetricName),
      values: datum.Value === undefined ? valuesOfSet(datum) : [datum.Value],
      timeMs: Math.round(datum.Timestamp * 1000),
    })),
  }),
  answer: answerAllOrNothing(
    {
      status: 400,
      body: '{"__type":"com.amazonaws.cloudwatch#InvalidParameterValueException","message":"a value is not taken"}',
    },
    { status: 200, body: '{}' },
  ),
};

/** A gateway answers a list of groups, too; what it refuses it names by its metric. */
export const pushgatewayBackend: HttpBackend = {
  decode: (request) =>
    request.method === 'PUT' ? { values: valuesOfPage(textOf(request)), replaces: request.path } : undefined,
  answer: (values, refused) => {
    const [first] = refused;
    if (first === undefined) return { status: 200, stored: values };
    const family = first.name.replace(/_(bucket|sum|count)$/, '');
    return {
      status: 400,
      body: `pushed metrics are invalid: collected metric "${family}" { } is not a GAUGE`,
      stored: [],
    };
  },
  otherwise: '{"status":"success","data":[]}',
};

function valueOfSeries({ labels: pairs, samples }: DecodedSeries): readonly ReceivedValue[] {
  const { __name__: name = '', ...labels } = Object.fromEntries(pairs);
  const isTotal = /_(total|bucket|sum|count)$/.test(name);
  return samples.map(({ value, bits, timestampMs: timeMs, startMs }) => ({
    ...{ name, labels, timeMs },
    ...(bits === staleBits
      ? { kind: 'ended', values: [] }
      : { kind: isTotal ? 'total' : 'level', values: [value], ...(startMs === 0 ? {} : { startMs }) }),
  }));
}

function decodeRemoteWrite({ headers, body }: RecordedRequest): DecodedRequest {
  const isV2 = (headers['content-type'] ?? '').includes('v2.Request');
  const { series } = isV2 ? decodeV2(uncompress(body)) : decodeV1(uncompress(body));
  return { values: series.flatMap(valueOfSeries) };
}

/** Keeps what is good of a request, and says how much. */
export const remoteWriteBackend: HttpBackend = {
  decode: decodeRemoteWrite,
  answer: (values, refused) => {
    const stored = values.filter((value) => !refused.includes(value));
    const headers = { 'x-prometheus-remote-write-samples-written': String(stored.length) };
    return refused.length === 0
      ? { status: 204, headers, stored }
      : { status: 400, headers, body: 'out of bounds', stored };
  },
};

/** Rolls a request back in which one sample is bad. */
export const remoteWrite1Backend: HttpBackend = {
  decode: decodeRemoteWrite,
  answer: answerAllOrNothing({ status: 400, body: 'out of bounds' }, { status: 204 }),
};

function valueOfPoint({ metric, kind, attributes: labels, point }: OtlpSeries): ReceivedValue {
  const timeMs = nanosToMs(point.timeUnixNano);
  const start = nanosToMs(point.startTimeUnixNano);
  const common = { name: metric.name, labels, timeMs, ...(start === 0 ? {} : { startMs: start }) };
  if (point.flags === 1) return { ...common, kind: 'ended', values: [] };
  const isDelta = (metric.sum ?? metric.histogram ?? metric.exponentialHistogram)?.aggregationTemporality === 1;
  if ('count' in point) {
    const histogram = { ...common, kind: isDelta ? ('observations' as const) : ('total' as const) };
    const counted = 'explicitBounds' in point ? { buckets: bucketsOf(point) } : {};
    return { ...histogram, values: [Number(point.sum)], ...counted };
  }
  const value = 'asInt' in point && point.asInt !== undefined ? Number(point.asInt) : point.asDouble;
  const summed = isDelta ? 'increase' : 'total';
  return { ...common, kind: kind === 'gauge' ? 'level' : summed, values: value === undefined ? [] : [value] };
}

function bucketsOf({
  explicitBounds: bounds,
  bucketCounts,
}: {
  readonly explicitBounds: readonly number[];
  readonly bucketCounts: readonly string[];
}): NonNullable<ReceivedValue['buckets']> {
  return { bounds, counts: bucketCounts.map(Number) };
}

function nanosToMs(nanos: string): number {
  return Number(BigInt(nanos) / 1_000_000n);
}

/** Keeps what is good of a request, and answers how much that is not. */
export const otlpBackend: HttpBackend = {
  decode: ({ headers, body }) => {
    const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const isJson = headers['content-type'] === 'application/json';
    return { values: seriesIn((isJson ? decodeJson : decodeProtobuf)(plain)).map(valueOfPoint) };
  },
  answer: (values, refused) => ({
    status: 200,
    headers: { 'content-type': 'application/x-protobuf' },
    body: encodeResponse(refused.length === 0 ? undefined : { rejected: refused.length, message: 'out of bounds' }),
    stored: values.filter((value) => !refused.includes(value)),
  }),
};

const DatadogSeries = z.object({
  series: z.array(
    z.union([
      z.object({
        metric: z.string(),
        type: z.literal([1, 3]),
        points: z.tuple([z.object({ timestamp: z.int(), value: z.number() })]),
        tags: z.array(z.string()),
      }),
      z.object({
        metric: z.string(),
        type: z.literal('distribution'),
        points: z.tuple([z.tuple([z.int(), z.array(z.number()).min(1)])]),
        tags: z.array(z.string()),
      }),
    ]),
  ),
});

const kindsOfDatadog = { 1: 'increase', 3: 'level', distribution: 'observations' } as const;

/** Levels and counts come gzipped, distributions deflated. */
export const datadogBackend: HttpBackend = {
  decode: (request) => {
    const isDeflated = request.headers['content-encoding'] === 'deflate';
    const text = isDeflated ? inflateSync(request.body).toString('utf8') : textOf(request);
    return {
      values: DatadogSeries.parse(JSON.parse(text)).series.map(({ metric, type, points: [point], tags }) => {
        const [seconds, values] = 'timestamp' in point ? [point.timestamp, [point.value]] : point;
        const labels = Object.fromEntries(
          tags.map((tag) => [tag.slice(0, tag.indexOf(':')), tag.slice(tag.indexOf(':') + 1)]),
        );
        return { name: metric, labels, kind: kindsOfDatadog[type], values, timeMs: seconds * 1000 };
      }),
    };
  },
  answer: answerAllOrNothing(
    { status: 400, body: '{"errors":["a point is not taken"]}' },
    { status: 202, body: '{"errors":[]}' },
  ),
};

const kindsOfNewRelic = { gauge: 'level', count: 'increase', summary: 'observations' } as const;

/** Of a summary its sum is looked at; a point's time is the end of its window. */
export const newRelicBackend: HttpBackend = {
  decode: (request) => ({
    values: decodeNewRelic(request).points.map(
      ({ name, type, value, timestamp = NaN, intervalMs = 0, attributes }): ReceivedValue => ({
        ...{ name, kind: kindsOfNewRelic[type], timeMs: timestamp + intervalMs },
        labels: Object.fromEntries(Object.entries(attributes).map(([key, own]) => [key, String(own)])),
        values: [typeof value === 'number' ? value : value.sum],
      }),
    ),
  }),
  answer: answerAllOrNothing(
    { status: 400, body: '{"error":"a point is not taken"}' },
    { status: 202, body: '{"requestId":"f0e7bfff-001a-b000-0000-01682bcf4565"}' },
  ),
};

const TimeSeries = z.strictObject({
  timeSeries: z.array(
    z.strictObject({
      metric: z.strictObject({ type: z.string(), labels: z.record(z.string(), z.string()) }),
      resource: z.strictObject({ type: z.string(), labels: z.record(z.string(), z.string()) }),
      metricKind: z.enum(['GAUGE', 'CUMULATIVE']),
      valueType: z.enum(['INT64', 'DOUBLE', 'DISTRIBUTION']),
      unit: z.string(),
      points: z.tuple([
        z.strictObject({
          interval: z.strictObject({ startTime: z.iso.datetime().optional(), endTime: z.iso.datetime() }),
          value: z.union([
            z.strictObject({ int64Value: z.string().regex(/^-?\d+$/) }),
            z.strictObject({ doubleValue: z.number() }),
            z.strictObject({
              distributionValue: z.object({
                count: z.string(),
                mean: z.number(),
                bucketOptions: z.object({ explicitBuckets: z.object({ bounds: z.array(z.number()) }) }),
                bucketCounts: z.array(z.string()),
              }),
            }),
          ]),
        }),
      ]),
    }),
  ),
});

type GoogleSeries = z.infer<typeof TimeSeries>['timeSeries'][number];

function valueOfTimeSeries({ metric, metricKind, points: [{ interval, value }] }: GoogleSeries): ReceivedValue {
  const figure = (): number => {
    if ('int64Value' in value) return Number(value.int64Value);
    if ('doubleValue' in value) return value.doubleValue;
    return Number(value.distributionValue.count) * value.distributionValue.mean;
  };
  const { startTime } = interval;
  return {
    ...{ name: metric.type, labels: metric.labels, timeMs: Date.parse(interval.endTime), values: [figure()] },
    kind: metricKind === 'GAUGE' ? 'level' : 'total',
    ...(startTime === undefined ? {} : { startMs: Date.parse(startTime) }),
    ...('distributionValue' in value ? { buckets: bucketsIn(value.distributionValue) } : {}),
  };
}

function bucketsIn({
  bucketOptions,
  bucketCounts,
}: {
  readonly bucketOptions: { readonly explicitBuckets: { readonly bounds: readonly number[] } };
  readonly bucketCounts: readonly string[];
}): NonNullable<ReceivedValue['buckets']> {
  return { bounds: bucketOptions.explicitBuckets.bounds, counts: bucketCounts.map(Number) };
}

/** Writes what is good of a request, and tells how much that is; descriptors are no figures. */
export const googleCloudMonitoringBackend: HttpBackend = {
  decode: (request) =>
    request.path.endsWith('/timeSeries')
      ? { values: TimeSeries.parse(JSON.parse(textOf(request))).timeSeries.map(valueOfTimeSeries) }
      : undefined,
  answer: (values, refused) => {
    const stored = values.filter((value) => !refused.includes(value));
    if (refused.length === 0) return { status: 200, body: '{}', stored };
    const summary = {
      '@type': 'type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary',
      totalPointCount: values.length,
      successPointCount: stored.length,
      errors: [{ status: { code: 3 }, pointCount: refused.length }],
    };
    const message = 'One or more TimeSeries could not be written: a value is not taken';
    const error = { code: 400, message, status: 'INVALID_ARGUMENT', details: [summary] };
    return { status: 400, body: JSON.stringify({ error }), stored };
  },
};

const Points = z.object({
  points: z.array(
    z.object({
      name: z.string(),
      labels: z.record(z.string(), z.string()),
      kind: z.enum(['level', 'increase', 'observations']),
      time: z.number(),
      values: z.array(z.number()),
    }),
  ),
});

/** That of the template. */
export const exampleBackend: HttpBackend = {
  decode: (request) => ({
    values: Points.parse(JSON.parse(textOf(request))).points.map(({ time, ...point }) => ({ ...point, timeMs: time })),
  }),
  answer: answerAllOrNothing({ status: 400, body: '{"message":"a point is not taken"}' }, { status: 202, body: '{}' }),
};
