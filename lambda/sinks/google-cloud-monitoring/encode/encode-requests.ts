/** Writes points as the JSON of `timeSeries.create`, at most 200 series a request. */
import type { LabelSet } from '../../../series/label-set.ts';
import type { Point, PointMetric, PointValue } from './point.ts';

/** What all points of a run have in common. */
export interface RequestSettings {
  /** The resource of each kind of metric, by the labels that it has. */
  readonly resources: Readonly<Record<PointMetric['resource'], Resource>>;
  /** When the figures were read. Epoch milliseconds. */
  readonly endMs: number;
}

/** A monitored resource as the API writes it. */
export interface Resource {
  readonly type: 'generic_task' | 'global';
  readonly labels: Readonly<Record<string, string>>;
}

export interface EncodedRequest {
  readonly points: readonly Point[];
  readonly body: Uint8Array;
}

/** Made one by one, while they are sent. */
export function* encodeRequests(
  pieces: Iterable<readonly Point[]>,
  settings: RequestSettings,
): Generator<EncodedRequest> {
  const write = createSeriesWriter(settings);
  for (const points of pieces) {
    if (points.length === 0) continue;
    yield { points, body: Buffer.from(`{"timeSeries":[${points.map(write).join(',')}]}`) };
  }
}

/** The series of a metric differ in labels and value only, so that the rest is written once. */
function createSeriesWriter({ resources, endMs }: RequestSettings): (point: Point) => string {
  const endTime = JSON.stringify(new Date(endMs).toISOString());
  let of: PointMetric | undefined;
  let head = '';
  let tail = '';
  return ({ family, labels, startMs, value }) => {
    if (of !== family) {
      of = family;
      head = `{"metric":{"type":${JSON.stringify(family.type)},"labels":`;
      tail = `},"resource":${JSON.stringify(resources[family.resource])},"metricKind":"${family.kind}","valueType":"${family.valueType}","unit":${JSON.stringify(family.unit)},"points":[{"interval":{`;
    }
    const start = startMs === undefined ? '' : `"startTime":${JSON.stringify(new Date(startMs).toISOString())},`;
    return `${head}${writeLabels(labels)}${tail}${start}"endTime":${endTime}},"value":${writeValue(value, family)}}]}`;
  };
}

function writeLabels(labels: LabelSet): string {
  let text = '';
  for (let at = 0; at < labels.length; at += 2)
    text += `${at === 0 ? '' : ','}${JSON.stringify(labels[at])}:${JSON.stringify(labels[at + 1])}`;
  return `{${text}}`;
}

/** Integers of 64 bits are texts (proto3, JSON mapping). */
function writeValue(value: PointValue, { valueType }: PointMetric): string {
  if ('number' in value)
    return valueType === 'INT64'
      ? `{"int64Value":"${String(value.number)}"}`
      : `{"doubleValue":${String(value.number)}}`;
  const { bounds, counts, sum } = value.distribution;
  const count = counts.reduce((total, own) => total + own, 0);
  return JSON.stringify({
    distributionValue: {
      count: String(count),
      // The mean of nothing is 0 (distribution.proto).
      mean: count === 0 ? 0 : sum / count,
      bucketOptions: { explicitBuckets: { bounds } },
      bucketCounts: counts.map(String),
    },
  });
}
