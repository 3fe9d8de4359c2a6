/** Splits points into requests that keep to both of Datadog's sizes, as sent and once unpacked. */
import { deflateSync, gzipSync } from 'node:zlib';
import { maxSentBytes, maxUnpackedBytes } from '../limits.ts';
import type { Point } from './point.ts';

/** The API has one path for levels and counts, and another for distributions. */
export type Route = 'series' | 'distributions';

export interface PointsRequest {
  readonly route: Route;
  /** All of one kind. */
  readonly items: readonly Point[];
  /** Compressed. */
  readonly body: Uint8Array;
}

/** What the points belong to, by type. */
export type Resources = Readonly<Record<string, string>>;

const opening = '{"series":[';
const closing = ']}';
const frameBytes = opening.length + closing.length;

/** Fast: the bytes of a request repeat so much that more effort saves next to nothing. */
const level = 1;

/** Distributions are documented to be taken deflated only (API reference, `DistributionPointsContentEncoding`). */
const compressions: Readonly<Record<Route, (text: string) => Uint8Array>> = {
  series: (text) => gzipSync(text, { level }),
  distributions: (text) => deflateSync(text, { level }),
};

/** MetricIntakeType of the API reference. */
const types = { increase: 1, level: 3 } as const;

/** Made one by one, while they are sent: all bodies of 10,000 queues at once would only take memory. */
export function* splitRequests(points: Iterable<Point>, resources: Resources): Generator<PointsRequest> {
  let taken: WrittenPoint[] = [];
  let bytes = frameBytes;
  for (const point of points) {
    const text = writePoint(point, resources);
    const size = Buffer.byteLength(text) + 1;
    const [first] = taken;
    const isOfAnotherKind = first !== undefined && first.point.kind !== point.kind;
    if (first !== undefined && (isOfAnotherKind || bytes + size > maxUnpackedBytes)) {
      yield* splitSent(taken);
      taken = [];
      bytes = frameBytes;
    }
    taken.push({ point, text });
    bytes += size;
  }
  if (taken.length > 0) yield* splitSent(taken);
}

/** For points of one kind that fit into one request. */
export function encodeRequest(points: readonly Point[], resources: Resources): PointsRequest {
  return buildRequest(points.map((point) => ({ point, text: writePoint(point, resources) })));
}

interface WrittenPoint {
  readonly point: Point;
  readonly text: string;
}

/** Bytes hardly differ from point to point: as many parts as are needed, and not halves of halves. */
function* splitSent(written: readonly WrittenPoint[]): Generator<PointsRequest> {
  const request = buildRequest(written);
  const size = Math.floor(written.length / Math.ceil(request.body.byteLength / maxSentBytes));
  if (size === written.length || written.length === 1) {
    yield request;
    return;
  }
  for (let at = 0; at < written.length; at += Math.max(1, size))
    yield* splitSent(written.slice(at, at + Math.max(1, size)));
}

function buildRequest(written: readonly WrittenPoint[]): PointsRequest {
  const points = written.map(({ point }) => point);
  const route = points[0]?.kind === 'observations' ? 'distributions' : 'series';
  const text = `${opening}${written.map((one) => one.text).join(',')}${closing}`;
  return { route, items: points, body: compressions[route](text) };
}

function writePoint({ name, tags, kind, timeMs, values, unit, intervalSeconds }: Point, resources: Resources): string {
  const timestamp = Math.floor(timeMs / 1000);
  if (kind === 'observations') {
    const { host } = resources;
    // The API of distributions knows hosts, and no other resources.
    return JSON.stringify({ metric: name, type: 'distribution', points: [[timestamp, values]], tags, host });
  }
  const [value] = values;
  const named = Object.entries(resources).map(([type, resource]) => ({ type, name: resource }));
  return JSON.stringify({
    metric: name,
    type: types[kind],
    points: [{ timestamp, value }],
    tags,
    unit,
    interval: intervalSeconds,
    resources: named.length === 0 ? undefined : named,
  });
}
