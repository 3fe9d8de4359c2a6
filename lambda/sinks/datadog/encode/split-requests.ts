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
  const writePoint = createPointWriter(resources);
  let taken: WrittenPoint[] = [];
  let bytes = frameBytes;
  for (const point of points) {
    const text = writePoint(point);
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
  const writePoint = createPointWriter(resources);
  return buildRequest(points.map((point) => ({ point, text: writePoint(point) })));
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

type WritePoint = (point: Point) => string;

/** Points of one metric differ in value and tags only, so that all else is written once. */
function createPointWriter(resources: Resources): WritePoint {
  let last: Point | undefined;
  let frame = { before: '', after: '' };
  return (point) => {
    if (point.kind === 'observations') return writeObservations(point, resources);
    if (last === undefined || !isOfSameMetric(last, point)) frame = writeFrame(point, resources);
    last = point;
    // Of a level or an increase there is one.
    const [value = 0] = point.values;
    return `${frame.before}${JSON.stringify(value)}}],"tags":${JSON.stringify(point.tags)}${frame.after}`;
  };
}

function isOfSameMetric(a: Point, b: Point): boolean {
  const isAlike = a.name === b.name && a.kind === b.kind && a.unit === b.unit;
  return isAlike && a.timeMs === b.timeMs && a.intervalSeconds === b.intervalSeconds;
}

/** What stands before the value of a level or an increase, and behind its tags. */
function writeFrame(
  { name, kind, timeMs, unit, intervalSeconds }: Point,
  resources: Resources,
): { readonly before: string; readonly after: string } {
  const type = types[kind === 'level' ? 'level' : 'increase'];
  const named = Object.entries(resources).map(([resource, of]) => ({ type: resource, name: of }));
  const rest = { unit, interval: intervalSeconds, resources: named.length === 0 ? undefined : named };
  const after = JSON.stringify(rest).slice(1);
  return {
    before: `{"metric":${JSON.stringify(name)},"type":${String(type)},"points":[{"timestamp":${formatSeconds(timeMs)},"value":`,
    after: after === '}' ? after : `,${after}`,
  };
}

/** The API of distributions knows hosts, and no other resources. */
function writeObservations({ name, timeMs, values, tags }: Point, { host }: Resources): string {
  const points = [[Math.floor(timeMs / 1000), values]];
  return JSON.stringify({ metric: name, type: 'distribution', points, tags, host });
}

function formatSeconds(timeMs: number): string {
  return String(Math.floor(timeMs / 1000));
}
