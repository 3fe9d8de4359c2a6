/** Splits points into requests that keep to the backend's limits. */
import { maxPointsPerRequest, maxRequestBytes } from '../limits.ts';
import type { Point } from './encode-points.ts';

export interface PointsRequest {
  readonly items: readonly Point[];
  readonly body: Uint8Array;
}

const opening = '{"points":[';
const closing = ']}';

/** Made one by one, while they are sent: all bodies of 10,000 queues at once would only take memory. */
export function* splitRequests(points: Iterable<Point>): Generator<PointsRequest> {
  let taken: Point[] = [];
  let texts: string[] = [];
  let bytes = 0;
  for (const point of points) {
    const text = writePoint(point);
    const size = Buffer.byteLength(text) + 1;
    const isFull = taken.length === maxPointsPerRequest || bytes + size > maxRequestBytes - opening.length;
    if (isFull && taken.length > 0) {
      yield buildRequest(taken, texts);
      taken = [];
      texts = [];
      bytes = 0;
    }
    taken.push(point);
    texts.push(text);
    bytes += size;
  }
  if (taken.length > 0) yield buildRequest(taken, texts);
}

/** For points that fit into one request. */
export function encodeRequest(points: readonly Point[]): PointsRequest {
  return buildRequest(points, points.map(writePoint));
}

function buildRequest(points: readonly Point[], texts: readonly string[]): PointsRequest {
  return { items: points, body: Buffer.from(`${opening}${texts.join(',')}${closing}`) };
}

function writePoint({ name, labels, kind, timeMs, values }: Point): string {
  return JSON.stringify({ name, labels, kind, time: timeMs, values });
}
