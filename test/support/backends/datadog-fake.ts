/** A Datadog as strict as its API reference: keys, encodings, sizes, times, and the rules for names and tags. */
import { gunzipSync, inflateSync } from 'node:zlib';
import * as z from 'zod';
import { type LoopbackServer, type RecordedRequest, startLoopbackServer } from '../network/loopback-server.ts';

/** Written apart from the sink's own. */
const maxSent = 512_000;
const maxUnpacked = 5_242_880;
const tagRule = /^\p{L}[\p{L}\p{N}_\-:./]*[\p{L}\p{N}\-./]$/u;

const Tags = z
  .array(z.string().regex(tagRule).max(200))
  .refine((tags) => tags.every((tag) => tag === tag.toLowerCase() && !tag.includes('__')));
const Name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.]*$/)
  .max(200);
const Seconds = z
  .int()
  .refine((seconds) => Math.abs(seconds) < 1e11 && seconds * 1000 > Date.now() - 3_600_000 - 1000)
  .refine((seconds) => seconds * 1000 < Date.now() + 600_000);

const Series = z.strictObject({
  metric: Name,
  type: z.literal([1, 3]),
  points: z.tuple([z.strictObject({ timestamp: Seconds, value: z.number() })]),
  tags: Tags,
  unit: z.string().optional(),
  interval: z.int().min(1).optional(),
  resources: z.array(z.strictObject({ type: z.string(), name: z.string() })).optional(),
});

const Distribution = z.strictObject({
  metric: Name,
  type: z.literal('distribution'),
  points: z.tuple([z.tuple([Seconds, z.array(z.number()).min(1)])]),
  tags: Tags,
  host: z.string().optional(),
});

const bodies = {
  '/api/v2/series': { encoding: 'gzip', unpack: gunzipSync, schema: z.strictObject({ series: z.array(Series) }) },
  '/api/v1/distribution_points': {
    encoding: 'deflate',
    unpack: inflateSync,
    schema: z.strictObject({ series: z.array(Distribution) }),
  },
} as const;

export type DatadogSeries = z.infer<typeof Series> | z.infer<typeof Distribution>;

export interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DatadogFake extends AsyncDisposable {
  readonly url: string;
  readonly requests: LoopbackServer['requests'];
  /** What each request brought that was taken. */
  readonly stored: readonly DatadogSeries[];
  /** Every key that was sent. */
  readonly keys: readonly string[];
  readonly close: () => Promise<void>;
}

export interface FakeOptions {
  /** Keys that are valid; default: `key`. */
  readonly isValid?: (key: string) => boolean;
  /** Answers instead of the usual one; undefined: the usual one. */
  readonly answer?: (series: readonly DatadogSeries[], path: string, count: number) => Answer | undefined;
}

export async function startDatadogFake({
  isValid = (key) => key === 'key',
  answer = () => undefined,
}: FakeOptions = {}): Promise<DatadogFake> {
  const stored: DatadogSeries[] = [];
  const keys: string[] = [];
  const server = await startLoopbackServer((_request, response, recorded) => {
    const key = recorded.headers['dd-api-key'] ?? '';
    keys.push(key);
    const { status, body = '', headers = {} } = isValid(key) ? take(recorded) : forbidden;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  const take = (recorded: RecordedRequest): Answer => {
    const read = seriesIn(recorded);
    if ('status' in read) return read;
    const own = answer(read.series, recorded.path, server.requests.length);
    if (own !== undefined) return own;
    stored.push(...read.series);
    return recorded.path === '/api/v2/series' ? taken : { status: 202, body: '{"status":"ok"}' };
  };
  return {
    url: server.url,
    requests: server.requests,
    stored,
    keys,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}

const taken: Answer = { status: 202, body: '{"errors":[]}' };
const forbidden: Answer = { status: 403, body: '{"errors":["Forbidden"]}' };

function seriesIn({
  method,
  path,
  headers,
  body,
}: RecordedRequest): Answer | { readonly series: readonly DatadogSeries[] } {
  if (method !== 'POST' || (path !== '/api/v2/series' && path !== '/api/v1/distribution_points'))
    return { status: 404 };
  const { encoding, unpack, schema } = bodies[path];
  if (headers['content-type'] !== 'application/json' || headers['content-encoding'] !== encoding)
    return { status: 400, body: '{"errors":["Payload is not in the expected format"]}' };
  const text = unpack(body);
  if (body.byteLength > maxSent || text.byteLength >= maxUnpacked)
    return { status: 413, body: '{"errors":["Payload too big"]}' };
  const { success, data, error } = schema.safeParse(JSON.parse(text.toString('utf8')));
  return success ? data : { status: 400, body: JSON.stringify({ errors: [z.prettifyError(error)] }) };
}

/** `ci_queue_jobs{queue:default} 2` */
export function shownDatadog({ metric, tags, points: [point] }: DatadogSeries): string {
  const values = 'value' in point ? [point.value] : point[1];
  return `${metric}{${tags.join(',')}} ${values.join(' ')}`;
}
