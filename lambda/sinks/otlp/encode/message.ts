/** The points of one request, put together as a message has them: resource by resource, metric by metric. */
import type { Point, PointMetric, ResourceName, Temporality } from './points/point.ts';
import type { Resource } from './resource.ts';

export interface MessageSettings {
  readonly resources: Readonly<Record<ResourceName, Resource>>;
  readonly temporality: Temporality;
  /** Of points that have no time of their own. Epoch milliseconds. */
  readonly timestampMs: number;
}

/** Points of one metric, side by side. */
export interface MetricGroup {
  readonly metric: PointMetric;
  readonly points: readonly Point[];
}

export interface ResourceGroup {
  readonly resource: Resource;
  readonly metrics: readonly MetricGroup[];
}

export type Encode = (points: readonly Point[], settings: MessageSettings) => Uint8Array;

/** AggregationTemporality of metrics.proto; a sum that may fall is always sent since its start. */
export const temporalityNumber = { delta: 1, cumulative: 2 } as const satisfies Record<Temporality, number>;

/** DataPointFlags of metrics.proto. */
export const noRecordedValue = 1;

/** An empty resource or metric is never made (OTLP specification, "Empty Telemetry Envelopes"). */
export function groupPoints(points: readonly Point[], { resources }: MessageSettings): readonly ResourceGroup[] {
  const byResource = Map.groupBy(points, ({ family }) => family.resource);
  return [...byResource].map(([name, own]) => ({ resource: resources[name], metrics: groupByMetric(own) }));
}

function groupByMetric(points: readonly Point[]): readonly MetricGroup[] {
  const groups: { readonly metric: PointMetric; readonly points: Point[] }[] = [];
  for (const point of points) {
    const last = groups.at(-1);
    if (last?.metric === point.family) last.points.push(point);
    else groups.push({ metric: point.family, points: [point] });
  }
  return groups;
}

/**
 * A total that began by another clock may have done so in our future; no receiver knows what to do with that. Equal times
 * say that the start is not known (OTLP data model, "Resets and Gaps").
 */
export function limitStart(startMs: number | undefined, timeMs: number): number | undefined {
  return startMs === undefined ? undefined : Math.min(startMs, timeMs);
}

/** OTLP counts nanoseconds, which a JavaScript number cannot. */
export function convertToNanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}

/** Whether it can be written as nanoseconds since 1970: fixed64 has room until the year 2554. */
export function isWritableTime(ms: number): boolean {
  return ms >= 0 && ms * 1_000_000 < 2 ** 64;
}

/** As an integer where the metric is one of integers and the value has a form as one. */
export function isInteger(metric: PointMetric, value: number): boolean {
  return metric.numbers === 'int' && Number.isSafeInteger(value);
}
