/** OTLP metrics, read back by code that shares nothing with the sink: Google's schema language through protobufjs. */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import * as z from 'zod';

const text = readFileSync(new URL('../../fixtures/otlp/metrics.proto', import.meta.url), 'utf8');
const { root } = protobuf.parse(text);
const requestType = root.lookupType('otlp.ExportMetricsServiceRequest');
const responseType = root.lookupType('otlp.ExportMetricsServiceResponse');
const statusType = root.lookupType('otlp.Status');

const Attribute = z.strictObject({ key: z.string(), value: z.strictObject({ stringValue: z.string() }) });
const Attributes = z.array(Attribute).default([]);
/** 64 bits as text; JSON writes them so, and protobufjs is told to. */
const Int64 = z.string().regex(/^-?\d+$/);
/** JSON has no number for three doubles. */
const Double = z.union([
  z.number(),
  z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number),
  z.nan(),
  // In protobuf they are values as any other.
  z.literal([Infinity, -Infinity]),
]);

const Exemplar = z.strictObject({
  timeUnixNano: Int64.default('0'),
  asDouble: Double,
  filteredAttributes: Attributes,
});

const Common = {
  attributes: Attributes,
  startTimeUnixNano: Int64.default('0'),
  timeUnixNano: Int64,
  flags: z.int().default(0),
};
const NumberPoint = z.strictObject({
  ...Common,
  asDouble: Double.optional(),
  asInt: Int64.optional(),
  exemplars: z.array(Exemplar).default([]),
});
const HistogramPoint = z.strictObject({
  ...Common,
  count: Int64.default('0'),
  sum: Double.optional(),
  bucketCounts: z.array(Int64).default([]),
  explicitBounds: z.array(z.number()).default([]),
  exemplars: z.array(Exemplar).default([]),
  min: z.number().optional(),
  max: z.number().optional(),
});
const Buckets = z.strictObject({ offset: z.int().default(0), bucketCounts: z.array(Int64).default([]) });
const ExponentialPoint = z.strictObject({
  ...Common,
  count: Int64.default('0'),
  sum: Double.optional(),
  scale: z.int().default(0),
  zeroCount: Int64.default('0'),
  positive: Buckets.optional(),
  negative: Buckets.optional(),
  exemplars: z.array(Exemplar).default([]),
  min: z.number().optional(),
  max: z.number().optional(),
});
const SummaryPoint = z.strictObject({
  ...Common,
  count: Int64.default('0'),
  sum: Double.default(0),
  quantileValues: z.array(z.strictObject({ quantile: z.number().default(0), value: Double.default(0) })).default([]),
});

const temporality = z.union([z.literal(1), z.literal(2)]);
const Metric = z.strictObject({
  name: z.string(),
  description: z.string().default(''),
  unit: z.string().default(''),
  gauge: z.strictObject({ dataPoints: z.array(NumberPoint) }).optional(),
  sum: z
    .strictObject({
      dataPoints: z.array(NumberPoint),
      aggregationTemporality: temporality,
      isMonotonic: z.boolean().default(false),
    })
    .optional(),
  histogram: z.strictObject({ dataPoints: z.array(HistogramPoint), aggregationTemporality: temporality }).optional(),
  exponentialHistogram: z
    .strictObject({ dataPoints: z.array(ExponentialPoint), aggregationTemporality: temporality })
    .optional(),
  summary: z.strictObject({ dataPoints: z.array(SummaryPoint) }).optional(),
});

/** An unknown field, an enum as text or a number where 64 bits belong does not pass. */
const Request = z.strictObject({
  resourceMetrics: z
    .array(
      z.strictObject({
        resource: z.strictObject({ attributes: Attributes }),
        schemaUrl: z.string().default(''),
        scopeMetrics: z.array(
          z.strictObject({
            scope: z.strictObject({ name: z.string(), version: z.string() }),
            schemaUrl: z.string().default(''),
            metrics: z.array(Metric).default([]),
          }),
        ),
      }),
    )
    .default([]),
});

export type DecodedRequest = z.infer<typeof Request>;
export type DecodedMetric = z.infer<typeof Metric>;
export type DecodedAttributes = z.infer<typeof Attributes>;

/** Any of the points, with what they have in common and what each kind has of its own. */
export type DecodedPoint =
  | z.infer<typeof NumberPoint>
  | z.infer<typeof HistogramPoint>
  | z.infer<typeof ExponentialPoint>
  | z.infer<typeof SummaryPoint>;

export function decodeProtobuf(body: Uint8Array): DecodedRequest {
  return Request.parse(requestType.toObject(requestType.decode(body), { longs: String }));
}

export function decodeJson(body: Uint8Array): DecodedRequest {
  return Request.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
}

export interface DecodedSeries {
  readonly resource: Readonly<Record<string, string>>;
  readonly metric: DecodedMetric;
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';
  readonly attributes: Readonly<Record<string, string>>;
  readonly point: DecodedPoint;
}

/** Every point of a request with what stands above it. */
export function seriesIn({ resourceMetrics }: DecodedRequest): readonly DecodedSeries[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap((metric) =>
        pointsOf(metric).map(([kind, point]) => ({
          resource: recordOf(resource.attributes),
          metric,
          kind,
          attributes: recordOf(point.attributes),
          point,
        })),
      ),
    ),
  );
}

function pointsOf(metric: DecodedMetric): readonly (readonly [DecodedSeries['kind'], DecodedPoint])[] {
  const { gauge, sum, histogram, exponentialHistogram, summary } = metric;
  return [
    ...(gauge?.dataPoints ?? []).map((point) => ['gauge', point] as const),
    ...(sum?.dataPoints ?? []).map((point) => ['sum', point] as const),
    ...(histogram?.dataPoints ?? []).map((point) => ['histogram', point] as const),
    ...(exponentialHistogram?.dataPoints ?? []).map((point) => ['exponentialHistogram', point] as const),
    ...(summary?.dataPoints ?? []).map((point) => ['summary', point] as const),
  ];
}

export function recordOf(attributes: DecodedAttributes): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

/** `name{key=value,…} = value`, the form in which a reader compares; `ended` for a point without a value. */
export function shownSeries({ metric, attributes, point }: DecodedSeries): string {
  const shown = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
  return `${metric.name}{${shown.join(',')}} = ${point.flags === 1 ? 'ended' : valueOf(point)}`;
}

function valueOf(point: DecodedPoint): string {
  if ('count' in point) return `count ${point.count} sum ${String(point.sum)}`;
  return 'asInt' in point && point.asInt !== undefined
    ? point.asInt
    : String('asDouble' in point ? point.asDouble : '');
}

export function encodeResponse(partial?: { readonly rejected: number; readonly message: string }): Uint8Array {
  if (partial === undefined) return responseType.encode({}).finish();
  const { rejected: rejectedDataPoints, message: errorMessage } = partial;
  return responseType.encode({ partialSuccess: { rejectedDataPoints, errorMessage } }).finish();
}

export function encodeStatus(message: string): Uint8Array {
  return statusType.encode({ code: 3, message }).finish();
}
