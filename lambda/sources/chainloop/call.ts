import { BadResponseError, HttpStatusError } from '../../http/errors.ts';
import type { HttpPort, HttpResponse, TlsMaterial } from '../../http/http.ts';
import { whereOf } from '../../http/where.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { NoServiceError } from './errors.ts';
import { FrameError, frameOf, type Frames, readFrames } from './frames.ts';

export interface Call {
  /** Origin of the control plane. */
  readonly origin: string;
  /** `controlplane.v1.WorkflowRunService/List` */
  readonly method: string;
  readonly message: Uint8Array;
  readonly token: string;
  readonly tls?: TlsMaterial | undefined;
  readonly deadline: Deadline;
}

export interface CallAnswer {
  readonly where: string;
  readonly message: Uint8Array;
}

/**
 * One unary call over gRPC-Web.
 * @throws NoServiceError where the service is missing; HttpError for the rest. A gRPC status becomes the HTTP status that
 * means the same, so that a refused token is read anew from its secret like any other.
 */
export async function call(
  http: HttpPort,
  { origin, method, message, token, tls, deadline }: Call,
): Promise<CallAnswer> {
  const url = new URL(`${origin.replace(/\/+$/, '')}/${method}`);
  const where = whereOf('POST', url);
  try {
    const response = await http.send({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/grpc-web+proto',
        accept: 'application/grpc-web+proto',
        'x-grpc-web': '1',
        authorization: `Bearer ${token}`,
      },
      body: frameOf(message),
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      // Only lists are called, so a repeated call changes nothing.
      idempotent: true,
      ...(tls === undefined ? {} : { tls }),
    });
    return { where, message: messageOf(response, where) };
  } catch (error) {
    if (error instanceof HttpStatusError && isRouteMissing(error)) {
      throw new NoServiceError(where, `answered ${String(error.status)}`);
    }
    throw error;
  }
}

/** What a web server answers for a path or a method that it does not have, without a word of gRPC. */
const missingRoute: ReadonlySet<number> = new Set([404, 405, 415, 501]);

function isRouteMissing({ status, headers }: HttpStatusError): boolean {
  return missingRoute.has(status) && headers['grpc-status'] === undefined;
}

function messageOf({ status, headers, body }: HttpResponse, where: string): Uint8Array {
  const early = headers['grpc-status'];
  // An error before any message comes in the headers, with an empty body.
  if (early !== undefined && early !== '0') throw failureOf(early, where);
  const type = mediaType(headers['content-type']);
  if (!/^application\/grpc-web(\+proto)?$/.test(type)) throw notGrpcWeb(type, status, where);
  const { message, trailers } = framesOf(body, where);
  const late = trailers?.get('grpc-status') ?? early;
  if (late === undefined) throw new BadResponseError(where, 'the answer is cut off: it has no grpc-status');
  if (late !== '0') throw failureOf(late, where);
  return message;
}

function mediaType(contentType = ''): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function framesOf(body: Uint8Array, where: string): Frames {
  try {
    return readFrames(body);
  } catch (error) {
    if (error instanceof FrameError) throw new BadResponseError(where, error.message);
    throw error;
  }
}

function notGrpcWeb(type: string, status: number, where: string): NoServiceError {
  const what = type === 'text/html' ? 'HTML: a login page, a proxy or a wrong URL?' : 'something else than gRPC-Web';
  return new NoServiceError(where, `answered ${String(status)} with ${what}`);
}

/** Statuses of gRPC (grpc/grpc, doc/statuscodes.md) that have an HTTP status of the same meaning. */
const httpStatuses: ReadonlyMap<string, number> = new Map([
  ['3', 400],
  ['4', 504],
  ['5', 404],
  ['7', 403],
  ['8', 429],
  ['14', 503],
  ['16', 401],
]);

const unimplemented = '12';

function failureOf(grpcStatus: string, where: string): HttpStatusError | NoServiceError {
  if (grpcStatus === unimplemented) return new NoServiceError(where, 'the server does not know this service');
  const status = httpStatuses.get(grpcStatus) ?? 500;
  // Without the message of the server: it may quote what it was sent.
  return new HttpStatusError(where, { status, headers: { 'grpc-status': grpcStatus }, excerpt: '' });
}
