/** New Relic's Metric API and Event API in this process, as strict as their documentation: it refuses what they refuse. */
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { type LoopbackServer, type RecordedRequest, startLoopbackServer } from '../network/loopback-server.ts';

const Attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const Figures = z.strictObject({ count: z.number(), sum: z.number(), min: z.number(), max: z.number() });

const Window = { timestamp: z.number().optional(), 'interval.ms': z.number().optional() };

const Metrics = z.array(
  z.strictObject({
    common: z.strictObject({ ...Window, attributes: Attributes.optional() }).optional(),
    metrics: z
      .array(
        z.strictObject({
          name: z.string(),
          type: z.enum(['gauge', 'count', 'summary']),
          value: z.union([z.number(), Figures]),
          attributes: Attributes.optional(),
          ...Window,
        }),
      )
      .min(1),
  }),
);

const Events = z.array(z.record(z.string(), z.union([z.string(), z.number()])));

/** A data point with what its block says of it. */
export interface StoredPoint {
  readonly name: string;
  readonly type: 'gauge' | 'count' | 'summary';
  readonly value: number | z.infer<typeof Figures>;
  readonly timestamp: number | undefined;
  readonly intervalMs: number | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export type StoredEvent = Readonly<Record<string, string | number>>;

/** What a request holds. @throws for one whose structure is invalid. */
export function decodeNewRelic({ headers, body, path }: Pick<RecordedRequest, 'headers' | 'body' | 'path'>): {
  readonly points: readonly StoredPoint[];
  readonly events: readonly StoredEvent[];
} {
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8');
  const parsed: unknown = JSON.parse(text);
  if (path.endsWith('/events')) return { points: [], events: Events.parse(parsed) };
  const points = Metrics.parse(parsed).flatMap(({ common = {}, metrics }) =>
    metrics.map(({ name, type, value, attributes, ...own }) => ({
      ...{ name, type, value },
      timestamp: own.timestamp ?? common.timestamp,
      intervalMs: own['interval.ms'] ?? common['interval.ms'],
      attributes: { ...common.attributes, ...attributes },
    })),
  );
  return { points, events: [] };
}

const restricted = new Set(
  'interval.ms timestamp value common min max count sum metrics newrelic.source metricName endTimestamp entity.guid entity.name entity.type accountId accountID appId eventType'.split(
    ' ',
  ),
);

const hourMs = 3_600_000;

/** Why New Relic drops a point after it has answered; an `NrIntegrationError` there. */
function faultsOfPoint(point: StoredPoint, nowMs: number): readonly string[] {
  const { name, type, value, timestamp = NaN, intervalMs, attributes } = point;
  const entries = Object.entries(attributes);
  const age = nowMs - timestamp;
  const found = [
    ...(name.length > 0 && name.length < 255 ? [] : ['the length of the name']),
    ...(Number.isInteger(timestamp) && timestamp > 1e12 ? [] : ['no time in milliseconds']),
    ...(age > 48 * hourMs || age < -24 * hourMs ? ['the time is out of range'] : []),
    ...(type === 'gauge' || (intervalMs !== undefined && intervalMs > 0) ? [] : ['no interval']),
    ...((typeof value === 'object') === (type === 'summary') ? [] : ['a value of another type']),
    ...(entries.length <= 100 ? [] : ['more than 100 attributes']),
    ...(Object.hasOwn(attributes, name) ? ['an attribute with the name of the metric'] : []),
    ...entries.flatMap(([key, own]) => [
      ...(/^[A-Za-z0-9:._]{1,254}$/.test(key) ? [] : [`the key ${key}`]),
      ...(restricted.has(key) ? [`the restricted key ${key}`] : []),
      ...(String(own).length <= 4096 ? [] : [`the length of ${key}`]),
    ]),
  ];
  return found.map((fault) => `${name}: ${fault}`);
}

function faultsOfEvent(event: StoredEvent): readonly string[] {
  const { eventType = '', timestamp = NaN } = event;
  return [
    ...(/^[A-Za-z0-9_:]{1,255}$/.test(String(eventType)) ? [] : ['the type of an event']),
    ...(Number.isInteger(timestamp) ? [] : ['the time of an event']),
    ...Object.entries(event).flatMap(([key, own]) =>
      key.length <= 255 && String(own).length <= 4096 ? [] : [`${key} of an event`],
    ),
  ];
}

/** Digits without fraction or exponent are a Java long, and what does not fit into one is rejected. */
function longsIn(text: string): readonly string[] {
  return [...text.matchAll(/[:,[](-?\d+)(?=[,}\]])/g)]
    .map(([, digits = '']) => digits)
    .filter((digits) => BigInt(digits) > 2n ** 63n - 1n || BigInt(digits) < -(2n ** 63n));
}

export interface NewRelicAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Takes the request, and ends the connection without an answer. */
  readonly breaksOff?: boolean;
}

export interface NewRelicOptions {
  readonly account?: number;
  /** Keys that may write. */
  readonly keys?: readonly string[];
  /** An answer that replaces its own; what it would store is then not stored. */
  readonly answer?: (request: RecordedRequest, index: number) => NewRelicAnswer | undefined;
  readonly nowMs?: () => number;
}

export interface NewRelicFake extends AsyncDisposable {
  readonly url: string;
  readonly requests: LoopbackServer['requests'];
  readonly points: readonly StoredPoint[];
  readonly events: readonly StoredEvent[];
  /** What it took and then refused; a good sender leaves it empty. */
  readonly errors: readonly string[];
}

export const knownKey = '0123456789abcdef0123456789abcdef0123NRAL';

export async function startNewRelicFake(options: NewRelicOptions = {}): Promise<NewRelicFake> {
  const { answer, nowMs = Date.now } = options;
  const points: StoredPoint[] = [];
  const events: StoredEvent[] = [];
  const errors: string[] = [];
  let count = 0;
  const server = await startLoopbackServer((_request, response, recorded) => {
    const index = count;
    count += 1;
    const own = answer?.(recorded, index);
    const { status, headers, body, breaksOff = false } = own ?? judge(recorded, options) ?? take(recorded, index);
    if (breaksOff) response.socket?.destroy();
    else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body ?? '{}');
  });

  function take(recorded: RecordedRequest, index: number): NewRelicAnswer {
    const decoded = decodeNewRelic(recorded);
    errors.push(...longsIn(gunzipSync(recorded.body).toString('utf8')).map((digits) => `the number ${digits}`));
    for (const point of decoded.points) {
      const faults = faultsOfPoint(point, nowMs());
      errors.push(...faults);
      if (faults.length === 0) points.push(point);
    }
    for (const event of decoded.events) {
      errors.push(...faultsOfEvent(event));
      events.push(event);
    }
    const id = `f0e7bfff-001a-b000-0000-${String(index).padStart(12, '0')}`;
    return recorded.path.endsWith('/events')
      ? { status: 200, body: JSON.stringify({ success: true, uuid: id }) }
      : { status: 202, body: JSON.stringify({ requestId: id }) };
  }
  return { url: server.url, requests: server.requests, points, events, errors, [Symbol.asyncDispose]: server.close };
}

const maxBytes = 1_000_000;

/** What it says at once; undefined for a request that it takes. */
function judge(request: RecordedRequest, { account = 1234567, keys = [knownKey] }: NewRelicOptions) {
  const { method, path, headers, body } = request;
  const isMetrics = path === '/metric/v1';
  if (!isMetrics && path !== `/v1/accounts/${String(account)}/events`) return refusal(404, 'no such path');
  if (method !== 'POST') return refusal(405, 'POST only');
  if (!keys.includes(headers['api-key'] ?? '')) return refusal(403, 'authentication failure');
  if (headers['content-length'] === undefined) return refusal(411, 'no Content-Length');
  if (headers['content-type'] !== 'application/json') return refusal(415, 'the content type');
  if (!['gzip', 'identity', undefined].includes(headers['content-encoding'])) return refusal(415, 'the encoding');
  const unpacked = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  // Not documented which of the two is meant, so neither may be larger.
  if (Math.max(body.byteLength, unpacked.byteLength) > maxBytes) return refusal(413, 'larger than 10^6 bytes');
  try {
    decodeNewRelic(request);
    return undefined;
  } catch {
    // The Event API parses only after its answer; a body that is no JSON has no place in either.
    return refusal(400, 'the structure is invalid');
  }
}

function refusal(status: number, message: string): NewRelicAnswer {
  return { status, body: JSON.stringify({ error: message }) };
}
