/** Finds the gRPC status of an answer and the HTTP status that means the same. */

/**
 * What a gRPC status says: HTTP answers 200 whatever happens, and the status stands in headers or trailers. Chainloop tells
 * what it finds wrong in its database as status 2 with a text, so the text decides there.
 */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpResponse, HiddenRefusal } from '../../../http/port.ts';
import { FrameError, decodeFrames } from './frames.ts';

/** What a refusal is about, where the text of the server tells it. */
export type RefusalReason =
  | 'revoked token'
  | 'unknown token'
  | 'deleted organization'
  | 'suspended organization'
  | 'not a member'
  | 'database'
  | 'cursor';

interface Meaning {
  /** The HTTP status that means the same. */
  readonly http: number;
  readonly reason?: RefusalReason;
}

/** Statuses of gRPC (grpc/grpc, doc/statuscodes.md) that have an HTTP status of the same meaning. */
const meanings: ReadonlyMap<string, number> = new Map([
  ['3', 400],
  ['4', 504],
  ['5', 404],
  ['7', 403],
  ['8', 429],
  ['12', 501],
  ['14', 503],
  ['16', 401],
]);

/** Every other status is an error of the server. */
const serverError = 500;

/** Of servers v1.99.1 and v1.106.1; the end of a text counts, for an outage is told with the same beginning. */
const texts: readonly { readonly status: string; readonly text: RegExp; readonly meaning: Meaning }[] = [
  { status: '2', text: /: API token revoked$/, meaning: { http: 401, reason: 'revoked token' } },
  {
    status: '2',
    text: /: (token|API token|user) not found$|: API token (project|workflow) mismatch$/,
    meaning: { http: 401, reason: 'unknown token' },
  },
  { status: '2', text: /: organization not found$/, meaning: { http: 401, reason: 'deleted organization' } },
  { status: '2', text: /\b(finding token|getting APIToken|SQLSTATE)\b/, meaning: { http: 503, reason: 'database' } },
  { status: '7', text: /^organization is suspended$/, meaning: { http: 403, reason: 'suspended organization' } },
  { status: '7', text: /\bnot a member of organization\b/, meaning: { http: 403, reason: 'not a member' } },
  { status: '13', text: /^invalid pagination options$/, meaning: { http: 400, reason: 'cursor' } },
];

function findMeaning(status: string, text: string): Meaning {
  const known = texts.find((entry) => entry.status === status && entry.text.test(text));
  return known?.meaning ?? { http: meanings.get(status) ?? serverError };
}

/** The control plane refused a call. `status` is the HTTP status that means the same, so that 401 reads a secret again. */
export class GrpcStatusError extends HttpStatusError {
  readonly grpcStatus: string;
  readonly reason: RefusalReason | undefined;

  constructor({ where, status, headers, excerpt, retryAtMs }: HttpStatusError, grpcStatus: string) {
    super(where, { status, headers, excerpt, retryAtMs });
    this.grpcStatus = grpcStatus;
    this.reason = findMeaning(grpcStatus, excerpt).reason;
  }
}

const succeeded = '0';

/** For the HTTP port: the status that an answer of HTTP 200 really has; undefined for a success, or without a status. */
export function findHiddenRefusal({
  headers,
  body,
}: Pick<HttpResponse, 'headers' | 'body'>): HiddenRefusal | undefined {
  const trailers = findTrailers(body);
  // An error before any message comes in the headers, with an empty body.
  const findHeader = (name: string): string | undefined => trailers?.get(name) ?? headers[name];
  const status = findHeader('grpc-status');
  if (status === undefined || status === succeeded) return undefined;
  const excerpt = decodePercent(findHeader('grpc-message') ?? '');
  return { status: findMeaning(status, excerpt).http, headers: { 'grpc-status': status }, excerpt };
}

/** Undefined for a body that is no gRPC-Web, or cut off; decoding the message reports that. */
function findTrailers(body: Uint8Array): ReadonlyMap<string, string> | undefined {
  try {
    return decodeFrames(body).trailers;
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

/** The text of a `grpc-message` (grpc/grpc, doc/PROTOCOL-HTTP2.md): what is no valid encoding stays as it is. */
export function decodePercent(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
