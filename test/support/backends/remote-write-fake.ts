/** A remote-write receiver in this process that is stricter than real ones. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  decodeV1,
  decodeV2,
  type DecodedRequest,
  type DecodedSample,
  type DecodedSeries,
  uncompress,
} from './remote-write-decode.ts';
import type { ReceivedRequest } from '../aws/verify-sigv4.ts';

export interface RecordedRequest extends ReceivedRequest {
  readonly version: '1.0' | '2.0';
  readonly decoded: DecodedRequest;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds before the answer. */
  readonly after?: number;
}

export interface FakeReceiverOptions {
  /**
   * `both`: the receive handler of prometheus/client_golang. `1.0 blind`: Prometheus 2.42 and VictoriaMetrics, which
   * answer 204 to 2.0 and store nothing. `1.0 strict`: refuses 2.0 with `refusal`.
   */
  readonly speaks?: 'both' | '1.0 blind' | '1.0 strict';
  readonly refusal?: 400 | 415;
  /** An answer that replaces the receiver's own; what it would store is then not stored. */
  readonly answer?: (request: RecordedRequest, index: number) => Answer | undefined;
  /** Makes it an HTTPS server that only talks to clients with a certificate signed by `ca`; PEM. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
}

export interface FakeReceiver extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Everything that breaks a rule of the specification; a good sender leaves it empty. */
  readonly faults: readonly string[];
  /** The stored samples of a series, by `{name="value",…}` in the order of the wire. */
  readonly stored: ReadonlyMap<string, readonly DecodedSample[]>;
  readonly mostInFlight: () => number;
}

/** A remote-write receiver in this process that is stricter than the real ones: it judges form as well as data. */
export async function startRemoteWriteFake(options: FakeReceiverOptions = {}): Promise<FakeReceiver> {
  const requests: RecordedRequest[] = [];
  const faults: string[] = [];
  const stored = new Map<string, DecodedSample[]>();
  const flight = { now: 0, most: 0 };

  const respond = async (message: IncomingMessage): Promise<Answer> => {
    const received = await receive(message);
    const media = received.headers['content-type'] ?? '';
    const version = media.includes('proto=io.prometheus.write.v2.Request') ? '2.0' : '1.0';
    faults.push(...headerFaults(received, version));
    const raw = uncompress(received.body);
    const request = { ...received, version, decoded: version === '2.0' ? decodeV2(raw) : decodeV1(raw) } as const;
    faults.push(...request.decoded.series.flatMap(seriesFaults), ...requestFaults(request));
    requests.push(request);
    const given = options.answer?.(request, requests.length - 1);
    if (given !== undefined) return given;
    if (version === '2.0' && options.speaks === '1.0 blind') return { status: 204 };
    if (version === '2.0' && options.speaks === '1.0 strict') return { status: options.refusal ?? 415 };
    return version === '2.0' ? storePartly(request.decoded, stored) : storeOrRollBack(request.decoded, stored);
  };

  const listener: RequestListener = (message, response) => {
    flight.now += 1;
    flight.most = Math.max(flight.most, flight.now);
    void respond(message)
      .catch((error: unknown): Answer => {
        faults.push(String(error));
        return { status: 400, body: String(error) };
      })
      .then(async ({ status, headers = {}, body, after = 0 }) => {
        // A client that waits longer than the test must not keep the process alive.
        await sleep(after, undefined, { ref: false });
        flight.now -= 1;
        response.writeHead(status, headers).end(body);
      });
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true }, listener);
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(await listen(server))}`;
  return {
    url: `${url}/api/v1/write`,
    requests,
    faults,
    stored,
    mostInFlight: () => flight.most,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (chunk instanceof Buffer) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  return { method: message.method ?? '', target: message.url ?? '', headers, body: Buffer.concat(chunks) };
}

function headerFaults({ method, headers }: ReceivedRequest, version: '1.0' | '2.0'): readonly string[] {
  const expected: Readonly<Record<string, string>> = {
    'content-encoding': 'snappy',
    'content-type':
      version === '1.0' ? 'application/x-protobuf' : 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': version === '1.0' ? '0.1.0' : '2.0.0',
  };
  const wrong = Object.entries(expected)
    .filter(([name, value]) => headers[name] !== value)
    .map(([name]) => `header ${name} is ${String(headers[name])}`);
  const agent = /^[\w-]+\/\d/.test(headers['user-agent'] ?? '') ? [] : ['no User-Agent of the form name/version'];
  return [...wrong, ...agent, ...(method === 'POST' ? [] : [`method ${method}`])];
}

function requestFaults({ decoded: { series, symbols }, version }: RecordedRequest): readonly string[] {
  const keys = series.map(({ labels }) => keyOf(labels));
  const faults = new Set(keys).size === keys.length ? [] : ['a series twice in one request'];
  if (version === '1.0') return faults;
  if (symbols[0] !== '') faults.push('symbols[0] is not empty');
  if (new Set(symbols).size !== symbols.length) faults.push('a symbol twice');
  if (series.some(({ metadata }) => metadata === undefined || metadata.type === 'METRIC_TYPE_UNSPECIFIED'))
    faults.push('a series without metadata');
  return faults;
}

function seriesFaults({ labels, samples }: DecodedSeries): readonly string[] {
  const names = labels.map(([name]) => name);
  const faults: string[] = [];
  const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (names.join() !== sorted.join()) faults.push(`labels are not sorted: ${names.join()}`);
  if (new Set(names).size !== names.length) faults.push(`a label twice: ${names.join()}`);
  if (labels.some(([name, value]) => name === '' || value === '')) faults.push('an empty label name or value');
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? '';
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) faults.push(`bad metric name "${name}"`);
  const isBad = (label: string): boolean => label !== '__name__' && !/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(label);
  if (names.some(isBad)) faults.push(`bad label name in ${names.join()}`);
  const times = samples.map(({ timestampMs }) => timestampMs);
  const isAscending = times.every((time, index) => index === 0 || time > (times[index - 1] ?? time));
  if (samples.length === 0 || !isAscending) faults.push(`samples of one series at ${times.join()}`);
  return faults;
}

function keyOf(labels: DecodedSeries['labels']): string {
  return `{${labels.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
}

type Stored = Map<string, DecodedSample[]>;

/** How Prometheus' TSDB judges a sample without an out-of-order window. */
function judgement(key: string, sample: DecodedSample, stored: Stored): string {
  const newest = stored.get(key)?.at(-1);
  if (newest === undefined || sample.timestampMs > newest.timestampMs) return 'new';
  if (sample.timestampMs < newest.timestampMs) return 'out of order sample';
  return sample.bits === newest.bits ? 'known' : 'duplicate sample for timestamp';
}

/** Prometheus' handler of 1.0: any bad sample rolls the whole request back. */
function storeOrRollBack({ series }: DecodedRequest, stored: Stored): Answer {
  const judged = judge(series, stored);
  const bad = judged.find(({ verdict }) => verdict !== 'new' && verdict !== 'known');
  if (bad !== undefined) return { status: 400, body: `${bad.verdict}\n` };
  keep(judged, stored);
  return { status: 204 };
}

/** The 2.0 handler: the good samples are kept, and the answer says how many. */
function storePartly({ series }: DecodedRequest, stored: Stored): Answer {
  const judged = judge(series, stored);
  const good = judged.filter(({ verdict }) => verdict === 'new' || verdict === 'known');
  const bad = judged.find((one) => !good.includes(one));
  keep(good, stored);
  const headers = {
    'X-Prometheus-Remote-Write-Samples-Written': String(good.length),
    'X-Prometheus-Remote-Write-Histograms-Written': '0',
    'X-Prometheus-Remote-Write-Exemplars-Written': '0',
  };
  return bad === undefined ? { status: 204, headers } : { status: 400, headers, body: `${bad.verdict}\n` };
}

interface Judged {
  readonly key: string;
  readonly sample: DecodedSample;
  readonly verdict: string;
}

function judge(series: readonly DecodedSeries[], stored: Stored): readonly Judged[] {
  return series.flatMap(({ labels, samples }) => {
    const key = keyOf(labels);
    return samples.map((sample) => ({ key, sample, verdict: judgement(key, sample, stored) }));
  });
}

function keep(judged: readonly Judged[], stored: Stored): void {
  for (const { key, sample, verdict } of judged) {
    if (verdict === 'new') stored.set(key, [...(stored.get(key) ?? []), sample]);
  }
}
