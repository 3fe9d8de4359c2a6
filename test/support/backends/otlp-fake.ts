/** An OTLP/HTTP receiver in this process that is stricter than the real ones: it judges form as well as data. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import {
  decodeJson,
  decodeProtobuf,
  type DecodedRequest,
  type DecodedSeries,
  encodeResponse,
  encodeStatus,
  seriesIn,
} from './otlp-decode.ts';
import { type DecodedSpan, spansIn, traceFaults, tracesFromJson, tracesFromProtobuf } from './otlp-trace-decode.ts';
import type { ReceivedRequest } from '../aws/verify-sigv4.ts';

export interface RecordedRequest extends ReceivedRequest {
  readonly encoding: 'protobuf' | 'json';
  /** Before compression. */
  readonly message: Uint8Array;
  readonly decoded: DecodedRequest;
  readonly series: readonly DecodedSeries[];
}

/** A request to /v1/traces. */
export interface RecordedTraces extends ReceivedRequest {
  readonly encoding: 'protobuf' | 'json';
  /** Before compression. */
  readonly message: Uint8Array;
  readonly spans: readonly DecodedSpan[];
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A message of its own; default: a success or a Status, in the encoding of the request. */
  readonly body?: Uint8Array | string;
  /** What a Status says. */
  readonly says?: string;
  readonly partial?: { readonly rejected: number; readonly message: string };
  /** Milliseconds before the answer. */
  readonly after?: number;
  /** Ends the connection without an answer. */
  readonly breaksOff?: boolean;
}

export interface FakeReceiverOptions {
  /** An answer that replaces the receiver's own; what it would store is then not stored. */
  readonly answer?: (request: RecordedRequest, index: number) => Answer | undefined;
  /** The same for traces; a receiver without it takes them all. */
  readonly answerTraces?: (request: RecordedTraces, index: number) => Answer | undefined;
  /** Points in one request, and bytes of it before compression: more is refused. */
  readonly maxPoints?: number;
  readonly maxBytes?: number;
  readonly maxAttributes?: number;
  /** Makes it an HTTPS server that only talks to clients with a certificate signed by `ca`; PEM. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
}

export interface OtlpFake extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  readonly traces: readonly RecordedTraces[];
  /** Everything that breaks a rule of the specification; a good sender leaves it empty. */
  readonly faults: readonly string[];
  /** The stored points of a series, by metric and attributes. */
  readonly stored: ReadonlyMap<string, readonly DecodedSeries[]>;
  readonly mostInFlight: () => number;
}

export async function startOtlpFake(options: FakeReceiverOptions = {}): Promise<OtlpFake> {
  const requests: RecordedRequest[] = [];
  const traces: RecordedTraces[] = [];
  const faults: string[] = [];
  const stored = new Map<string, DecodedSeries[]>();
  const flight = { now: 0, most: 0 };

  const respond = async (message: IncomingMessage): Promise<Answer> => {
    const received = await receive(message);
    faults.push(...headerFaults(received));
    if (received.target.endsWith(tracesPath)) {
      const told = decodedTraces(received);
      faults.push(...told.faults);
      traces.push(told.request);
      return options.answerTraces?.(told.request, traces.length - 1) ?? { status: 200 };
    }
    const request = decoded(received);
    faults.push(...requestFaults(request));
    requests.push(request);
    return options.answer?.(request, requests.length - 1) ?? store(request, stored, options);
  };

  const listener: RequestListener = (message, response) => {
    flight.now += 1;
    flight.most = Math.max(flight.most, flight.now);
    const isJson = /json/.test(message.headers['content-type'] ?? '');
    const counted = message.url?.endsWith(tracesPath) === true ? 'rejectedSpans' : 'rejectedDataPoints';
    void respond(message)
      .catch((error: unknown): Answer => {
        faults.push(String(error));
        return { status: 400, says: String(error) };
      })
      .then(async (answer) => {
        const { status, headers = {}, after = 0, breaksOff = false } = answer;
        // A client that waits longer than the test must not keep the process alive.
        await sleep(after, undefined, { ref: false });
        flight.now -= 1;
        if (breaksOff) {
          response.socket?.destroy();
          return;
        }
        const type = isJson ? 'application/json' : 'application/x-protobuf';
        response.writeHead(status, { 'content-type': type, ...headers }).end(bodyOf(answer, isJson, counted));
      });
  };
  const server: Server =
    options.tls === undefined
      ? createServer(listener)
      : createSecureServer({ ...options.tls, requestCert: true, rejectUnauthorized: true }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the operating system gave no port');
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(address.port)}`,
    requests,
    traces,
    faults,
    stored,
    mostInFlight: () => flight.most,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const tracesPath = '/v1/traces';

/** The field of a partial success that says how many were not stored; in protobuf both have the same number. */
type CountField = 'rejectedSpans' | 'rejectedDataPoints';

function bodyOf({ status, body, says, partial }: Answer, isJson: boolean, counted: CountField): Uint8Array | string {
  if (body !== undefined) return body;
  if (status >= 300) {
    const message = says ?? 'refused';
    return isJson ? JSON.stringify({ code: 3, message }) : encodeStatus(message);
  }
  if (!isJson) return encodeResponse(partial);
  if (partial === undefined) return '{}';
  const { rejected, message } = partial;
  return JSON.stringify({ partialSuccess: { [counted]: String(rejected), errorMessage: message } });
}

async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (chunk instanceof Buffer) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(
      ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')] as const,
    ),
  );
  return { method: message.method ?? '', target: message.url ?? '', headers, body: Buffer.concat(chunks) };
}

function decoded(received: ReceivedRequest): RecordedRequest {
  const { headers, body } = received;
  const message = headers['content-encoding'] === 'gzip' ? Uint8Array.from(gunzipSync(body)) : body;
  const encoding = headers['content-type'] === 'application/json' ? 'json' : 'protobuf';
  const request = encoding === 'json' ? decodeJson(message) : decodeProtobuf(message);
  return { ...received, encoding, message, decoded: request, series: seriesIn(request) };
}

function decodedTraces(received: ReceivedRequest): {
  readonly request: RecordedTraces;
  readonly faults: readonly string[];
} {
  const { headers, body } = received;
  const message = headers['content-encoding'] === 'gzip' ? Uint8Array.from(gunzipSync(body)) : body;
  const encoding = headers['content-type'] === 'application/json' ? 'json' : 'protobuf';
  const decodedRequest = encoding === 'json' ? tracesFromJson(message) : tracesFromProtobuf(message);
  const request = { ...received, encoding, message, spans: spansIn(decodedRequest) } as const;
  return { request, faults: traceFaults(decodedRequest) };
}

function headerFaults({ method, target, headers, body }: ReceivedRequest): readonly string[] {
  const type = headers['content-type'] ?? '';
  return [
    ...(method === 'POST' ? [] : [`the method ${method}`]),
    ...(target.endsWith('/v1/metrics') || target.endsWith(tracesPath) ? [] : [`the path ${target}`]),
    ...(type === 'application/x-protobuf' || type === 'application/json' ? [] : [`the content type ${type}`]),
    ...(headers['content-length'] === String(body.byteLength) ? [] : ['no content length']),
    ...(headers['transfer-encoding'] === undefined ? [] : ['chunks']),
  ];
}

/** Rules of metrics.proto, of common.proto and of the data model. */
function requestFaults({ decoded: { resourceMetrics }, series }: RecordedRequest): readonly string[] {
  const empty = resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.length === 0
        ? ['a scope without metrics']
        : metrics.filter((metric) => seriesOf(metric.name, series) === 0).map(({ name }) => `${name} has no points`),
    ),
  );
  const identities = resourceMetrics.flatMap(({ scopeMetrics, resource }) =>
    scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => JSON.stringify([resource, name]))),
  );
  const repeated = identities.length === new Set(identities).size ? [] : ['a metric stands twice in a request'];
  return [
    ...(resourceMetrics.length === 0 ? ['an empty envelope'] : []),
    ...empty,
    ...repeated,
    ...series.flatMap(pointFaults),
  ];
}

function seriesOf(name: string, series: readonly DecodedSeries[]): number {
  return series.filter(({ metric }) => metric.name === name).length;
}

function pointFaults({ metric, kind, point, resource }: DecodedSeries): readonly string[] {
  const told = (text: string): string => `${metric.name}: ${text}`;
  const keys = point.attributes.map(({ key }) => key);
  const [start, time] = [BigInt(point.startTimeUnixNano), BigInt(point.timeUnixNano)];
  const isEnd = point.flags === 1;
  const faults = [
    ...(new Set(keys).size === keys.length && !keys.includes('') ? [] : ['an attribute twice, or without a key']),
    ...(resource['service.name'] === undefined ? ['no service.name'] : []),
    ...(time > 0n ? [] : ['no time']),
    ...(start <= time ? [] : ['it starts after its time']),
  ];
  if (isEnd) {
    const hasValue =
      ('asInt' in point && point.asInt !== undefined) || ('asDouble' in point && point.asDouble !== undefined);
    return (hasValue ? [...faults, 'an end with a value'] : faults).map(told);
  }
  if (kind !== 'gauge' && kind !== 'summary' && start === 0n) faults.push('a sum without a start');
  if (kind === 'gauge' && start !== 0n) faults.push('a level with a start');
  if ('bucketCounts' in point) {
    const { bucketCounts, explicitBounds, count } = point;
    const total = bucketCounts.reduce((sum, own) => sum + BigInt(own), 0n);
    if (bucketCounts.length !== explicitBounds.length + 1) faults.push('one count more than bounds');
    if (total !== BigInt(count)) faults.push('counts that do not add up');
    if (explicitBounds.some((bound, index) => bound <= (explicitBounds[index - 1] ?? -Infinity)))
      faults.push('bounds that do not ascend');
  } else if ('zeroCount' in point) {
    const { positive, negative, zeroCount, count } = point;
    const counts = [...(positive?.bucketCounts ?? []), ...(negative?.bucketCounts ?? []), zeroCount];
    if (counts.reduce((sum, own) => sum + BigInt(own), 0n) !== BigInt(count)) faults.push('counts that do not add up');
  } else if (kind !== 'summary') {
    const isValued =
      ('asInt' in point && point.asInt !== undefined) || ('asDouble' in point && point.asDouble !== undefined);
    if (!isValued) faults.push('no value');
  }
  return faults.map(told);
}

/** As a real one does: too much is refused as a whole, and of the rest the points that are not newer are left out. */
function store(request: RecordedRequest, stored: Map<string, DecodedSeries[]>, options: FakeReceiverOptions): Answer {
  const { maxPoints = Infinity, maxBytes = Infinity, maxAttributes = Infinity } = options;
  const { series, message } = request;
  if (message.byteLength > maxBytes) return { status: 413, says: 'request too large' };
  if (series.length > maxPoints) return { status: 400, says: `more than ${String(maxPoints)} data points` };
  if (series.some(({ point }) => point.attributes.length > maxAttributes))
    return { status: 400, says: `Maximum number of attributes exceeded: ${String(maxAttributes)}` };
  let rejected = 0;
  for (const one of series) {
    const key = keyOf(one);
    const known = stored.get(key) ?? [];
    const last = known.at(-1);
    if (last !== undefined && BigInt(last.point.timeUnixNano) >= BigInt(one.point.timeUnixNano)) rejected += 1;
    else stored.set(key, [...known, one]);
  }
  return rejected === 0 ? { status: 200 } : { status: 200, partial: { rejected, message: 'out of order sample' } };
}

function keyOf({ metric, attributes }: Pick<DecodedSeries, 'metric' | 'attributes'>): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
  return `${metric.name}{${pairs.sort().join(',')}}`;
}
