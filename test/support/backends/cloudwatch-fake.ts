/**
 * CloudWatch's metric API on loopback, as strict as the real one: no emulator enforces its limits, so this is the only
 * proof without an account that a request would be taken. Point an SDK at it with `AWS_ENDPOINT_URL_CLOUDWATCH`, or
 * start it on its own: `node test/support/backends/cloudwatch-fake.ts [port]`.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { acceptedDatums, RefusedError, type Refusal, type StoredDatum } from './cloudwatch-fake-rules.ts';
import { createMetricStore, type MetricStore } from './cloudwatch-fake-store.ts';

export type FaultMode =
  /** 400 ThrottlingException, and 429 with Retry-After: both occur. */
  | 'throttle'
  | 'throttle-429'
  | 'error-500'
  /** A load balancer's answer: not JSON. */
  | 'error-503-html'
  | 'too-large'
  /** The connection ends before the request was taken. */
  | 'reset'
  /** The request is stored and its answer is lost: a repeat is stored a second time. */
  | 'take-then-reset'
  | 'take-then-500'
  /** The answer comes after `ms`; the request is stored at once. */
  | 'slow'
  /** No answer at all; nothing is stored. */
  | 'hang';

export interface Fault {
  readonly mode: FaultMode;
  /** How many requests fail; the ones after them do not. */
  readonly times?: number;
  readonly ms?: number;
  /** Only requests to this namespace. */
  readonly namespace?: string;
}

export interface RecordedRequest {
  readonly operation: string;
  readonly namespace: string | undefined;
  readonly datums: number;
  /** Of the body as sent, and after decompression. */
  readonly bytes: number;
  readonly plainBytes: number;
  readonly isCompressed: boolean;
  readonly userAgent: string;
  readonly region: string;
  /** Who signed it. */
  readonly accessKeyId: string;
  readonly status: number;
}

export interface CloudWatchFakeOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly region?: string;
  /** What the caller's policy allows; others get 403. */
  readonly namespaces?: readonly string[];
  readonly now?: () => number;
  /** A rule that only the service knows: the text refuses the request that has such a datum. */
  readonly refuse?: (datum: StoredDatum) => string | undefined;
  /** Whether such a refusal has a line for each bad datum, as the service writes for some of its rules. */
  readonly namesRefused?: boolean;
}

export interface CloudWatchFake {
  readonly url: string;
  readonly datums: readonly StoredDatum[];
  readonly requests: readonly RecordedRequest[];
  fail(fault: Fault): void;
  /** Forgets what was stored and recorded, and the faults to come. */
  clear(): void;
  close(): Promise<void>;
}

const target = 'GraniteServiceVersion20100801.';
const operations = ['PutMetricData', 'ListMetrics', 'GetMetricData'];
const maxBodyBytes = 1_048_576;
const maxClockSkewMs = 15 * 60_000;

interface State {
  readonly options: CloudWatchFakeOptions;
  readonly store: MetricStore;
  readonly requests: RecordedRequest[];
  readonly faults: { fault: Fault; left: number }[];
}

export async function startCloudWatchFake(options: CloudWatchFakeOptions = {}): Promise<CloudWatchFake> {
  const store = createMetricStore();
  const state: State = { options, store, requests: [], faults: [] };
  const server = createServer((request, response) => {
    // A client corrects its clock by this header, so it has to be of the time that signatures are judged by.
    response.setHeader('date', new Date((options.now ?? Date.now)()).toUTCString());
    serve(request, response, state).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake has no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    datums: store.datums,
    requests: state.requests,
    fail: (fault) => {
      state.faults.push({ fault, left: fault.times ?? 1 });
    },
    clear: () => {
      store.clear();
      state.requests.length = 0;
      state.faults.length = 0;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Call {
  readonly operation: string;
  readonly region: string;
  readonly body: unknown;
  readonly plainBytes: number;
}

async function serve(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  let call: Call | undefined;
  const record = (status: number): void => {
    state.requests.push({ ...recorded(call, request, raw), status });
  };
  try {
    call = checkedCall(request, raw, state.options);
    const fault = takeFault(state, namespaceIn(call.body));
    if (fault !== undefined && (await actOut(fault, response, () => answerTo(call, state), record))) return;
    const body = answerTo(call, state);
    if (fault?.mode === 'slow') await sleep(fault.ms ?? 1000);
    record(200);
    reply(response, 200, body);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    record(error.refusal.status);
    refuse(response, error.refusal);
  }
}

function checkedCall(request: IncomingMessage, raw: Buffer, options: CloudWatchFakeOptions): Call {
  const { headers, method, url } = request;
  if (method !== 'POST' || url !== '/') throw new RefusedError(404, 'UnknownOperationException', 'not POST /');
  if (!/^application\/x-amz-json-1\.[01]$/.test(headers['content-type'] ?? ''))
    throw new RefusedError(404, 'UnknownOperationException', 'not AWS JSON');
  const asked = String(headers['x-amz-target']);
  const operation = asked.slice(target.length);
  if (!asked.startsWith(target) || !operations.includes(operation))
    throw new RefusedError(400, 'UnknownOperationException', `unknown target ${asked}`);
  const region = checkedSignature(request, raw, options);
  const plain = plainBody(headers['content-encoding'], raw);
  if (raw.byteLength > maxBodyBytes || plain.byteLength > maxBodyBytes)
    throw new RefusedError(413, 'RequestEntityTooLargeException', 'the body has more than 1 MB');
  try {
    return { operation, region, body: JSON.parse(plain.toString('utf8')), plainBytes: plain.byteLength };
  } catch {
    throw new RefusedError(400, 'SerializationException', 'the body is not JSON');
  }
}

/** Presence and scope of Signature Version 4, and the hash of the body as sent. Returns the signed Region. */
function checkedSignature({ headers }: IncomingMessage, raw: Buffer, options: CloudWatchFakeOptions): string {
  const { authorization } = headers;
  if (authorization === undefined)
    throw new RefusedError(403, 'MissingAuthenticationTokenException', 'the request is not signed');
  const scope =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([a-z0-9-]+)\/monitoring\/aws4_request, SignedHeaders=(\S+), Signature=[0-9a-f]{64}$/.exec(
      authorization,
    );
  const [, date = '', region = '', signed = ''] = scope ?? [];
  const now = (options.now ?? Date.now)();
  const sentAt = headers['x-amz-date'];
  const wasSignedMs = typeof sentAt === 'string' ? amzDateMs(sentAt) : Number.NaN;
  const isInTime = Math.abs(now - wasSignedMs) <= maxClockSkewMs && String(sentAt).startsWith(date);
  const names = signed.split(';');
  const mustBeSigned = [
    'host',
    'x-amz-date',
    ...(headers['content-encoding'] === undefined ? [] : ['content-encoding']),
  ];
  const hash = headers['x-amz-content-sha256'];
  const isBodySigned = hash === undefined || hash === createHash('sha256').update(raw).digest('hex');
  const isRegion = region === (options.region ?? 'us-east-1');
  if (scope === null || !isInTime || !isRegion || !isBodySigned || !mustBeSigned.every((name) => names.includes(name)))
    throw new RefusedError(
      403,
      'SignatureDoesNotMatch',
      `The signature does not match.\n\nThe Canonical String should have been\nx-amz-security-token:${String(headers['x-amz-security-token'])}`,
    );
  return region;
}

/** `20261121T020000Z` */
function amzDateMs(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function plainBody(encoding: string | undefined, raw: Buffer): Buffer {
  if (encoding === undefined) return raw;
  if (encoding !== 'gzip') throw new RefusedError(415, 'UnsupportedMediaTypeException', `unknown encoding ${encoding}`);
  try {
    return gunzipSync(raw, { maxOutputLength: maxBodyBytes + 1 });
  } catch (error) {
    if (error instanceof RangeError) throw new RefusedError(413, 'RequestEntityTooLargeException', 'more than 1 MB');
    throw new RefusedError(400, 'SerializationException', 'the body is not gzip');
  }
}

function answerTo(call: Call | undefined, { options, store }: State): unknown {
  if (call === undefined) throw new Error('no call was read');
  if (call.operation === 'ListMetrics') return store.listMetrics(call.body);
  if (call.operation === 'GetMetricData') return store.getMetricData(call.body);
  const nowMs = (options.now ?? Date.now)();
  const datums = acceptedDatums(call.body, { namespaces: options.namespaces, nowMs });
  const refused = datums.flatMap((datum, index) => {
    const message = options.refuse?.(datum);
    if (message === undefined) return [];
    return [
      options.namesRefused === true ? `The parameter MetricData.member.${String(index + 1)} ${message}.` : message,
    ];
  });
  if (refused.length > 0)
    throw new RefusedError(
      400,
      'InvalidParameterValueException',
      options.namesRefused === true ? refused.join('\n') : String(refused[0]),
    );
  store.add(datums);
  return {};
}

function takeFault({ faults }: State, namespace: string | undefined): Fault | undefined {
  const next = faults.find(({ fault, left }) => left > 0 && (fault.namespace ?? namespace) === namespace);
  if (next === undefined) return undefined;
  next.left -= 1;
  return next.fault;
}

/** True when the fault gave the answer, or the silence, of this request. */
async function actOut(
  { mode, ms = 30_000 }: Fault,
  response: ServerResponse,
  take: () => unknown,
  record: (status: number) => void,
): Promise<boolean> {
  if (mode === 'slow') return false;
  if (mode.startsWith('take-then-')) take();
  record(statusOf[mode]);
  switch (mode) {
    case 'throttle':
      refuse(response, { status: 400, type: 'ThrottlingException', message: 'Rate exceeded' });
      break;
    case 'throttle-429':
      response.setHeader('retry-after', '1');
      refuse(response, { status: 429, type: 'ThrottlingException', message: 'Rate exceeded' });
      break;
    case 'error-500':
    case 'take-then-500':
      refuse(response, { status: 500, type: 'InternalServiceFault', message: 'Internal error' });
      break;
    case 'error-503-html':
      response.writeHead(503, { 'content-type': 'text/html' }).end('<html>Service Unavailable</html>');
      break;
    case 'too-large':
      response.writeHead(413).end();
      break;
    case 'reset':
    case 'take-then-reset':
      response.destroy();
      break;
    case 'hang':
      await Promise.race([
        sleep(ms, undefined, { ref: false }),
        new Promise((resolve) => response.once('close', resolve)),
      ]);
      response.destroy();
  }
  return true;
}

/** 0 where there is no answer. */
const statusOf: Readonly<Record<Exclude<FaultMode, 'slow'>, number>> = {
  throttle: 400,
  'throttle-429': 429,
  'error-500': 500,
  'take-then-500': 500,
  'error-503-html': 503,
  'too-large': 413,
  reset: 0,
  'take-then-reset': 0,
  hang: 0,
};

function refuse(response: ServerResponse, { status, type, message }: Refusal): void {
  response.setHeader(
    'x-amzn-query-error',
    `${type.replace(/Exception$/, '')};${status >= 500 ? 'Receiver' : 'Sender'}`,
  );
  reply(response, status, { __type: `com.amazonaws.cloudwatch#${type}`, message });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
}

function recorded(call: Call | undefined, { headers }: IncomingMessage, raw: Buffer): Omit<RecordedRequest, 'status'> {
  const body = call?.body;
  const data = typeof body === 'object' && body !== null && 'MetricData' in body ? body.MetricData : [];
  return {
    operation: call?.operation ?? 'unknown',
    namespace: namespaceIn(body),
    datums: Array.isArray(data) ? data.length : 0,
    bytes: raw.byteLength,
    plainBytes: call?.plainBytes ?? raw.byteLength,
    isCompressed: headers['content-encoding'] === 'gzip',
    userAgent: headers['user-agent'] ?? '',
    region: call?.region ?? '',
    accessKeyId: /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? '',
  };
}

function namespaceIn(body: unknown): string | undefined {
  const namespace = typeof body === 'object' && body !== null && 'Namespace' in body ? body.Namespace : undefined;
  return typeof namespace === 'string' ? namespace : undefined;
}

if (import.meta.main) {
  const fake = await startCloudWatchFake({ port: Number(process.argv[2] ?? 0) });
  process.stdout.write(`${fake.url}\n`);
}
