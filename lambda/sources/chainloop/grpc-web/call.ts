/** Sends one gRPC-Web call to the control plane and reads its answer. */
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpPort, HttpResponse, TlsMaterial } from '../../../http/port.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { NoServiceError } from '../errors.ts';
import { FrameError, encodeFrame, type Frames, decodeFrames } from './frames.ts';
import { GrpcStatusError, findHiddenRefusal } from './grpc-status.ts';

export interface Call {
  /** Origin of the control plane. */
  readonly origin: string;
  /** `controlplane.v1.WorkflowRunService/List` */
  readonly method: string;
  readonly message: Uint8Array;
  readonly token: string;
  /** Which of its organizations a user's token is used for; servers since the end of 2024 look at it. */
  readonly organization: string;
  readonly tls?: TlsMaterial | undefined;
  readonly deadline: Deadline;
}

export interface CallAnswer {
  readonly where: string;
  readonly message: Uint8Array;
}

/**
 * One unary call over gRPC-Web.
 * @throws NoServiceError where the service is missing, GrpcStatusError for what the control plane refuses, and HttpError
 * for the rest.
 */
export async function call(
  http: HttpPort,
  { origin, method, message, token, organization, tls, deadline }: Call,
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
        'chainloop-organization': organization,
      },
      body: encodeFrame(message),
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      // Only lists are called, so a repeated call changes nothing.
      idempotent: true,
      findHiddenRefusal,
      ...(tls === undefined ? {} : { tls }),
    });
    return { where, message: extractMessage(response, where) };
  } catch (error) {
    throw error instanceof HttpStatusError ? convertRefusal(error) : error;
  }
}

/** What a web server answers for a path or a method that it does not have, without a word of gRPC. */
const missingRoute: ReadonlySet<number> = new Set([404, 405, 415, 501]);

const unimplemented = '12';

function convertRefusal(error: HttpStatusError): HttpStatusError | NoServiceError {
  const { status, headers, where } = error;
  const grpcStatus = headers['grpc-status'];
  if (grpcStatus === unimplemented) return new NoServiceError(where, 'the server does not know this service');
  if (grpcStatus !== undefined) return new GrpcStatusError(error, grpcStatus);
  return missingRoute.has(status) ? new NoServiceError(where, `answered ${String(status)}`) : error;
}

function extractMessage({ status, headers, body }: HttpResponse, where: string): Uint8Array {
  const type = parseMediaType(headers['content-type']);
  if (!/^application\/grpc-web(\+proto)?$/.test(type)) throw createNotGrpcWebError(type, status, where);
  const { message, trailers } = decodeBody(body, where);
  if ((trailers?.get('grpc-status') ?? headers['grpc-status']) === undefined)
    throw new BadResponseError(where, 'the answer is cut off: it has no grpc-status');
  return message;
}

function parseMediaType(contentType = ''): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function decodeBody(body: Uint8Array, where: string): Frames {
  try {
    return decodeFrames(body);
  } catch (error) {
    if (error instanceof FrameError) throw new BadResponseError(where, error.message);
    throw error;
  }
}

function createNotGrpcWebError(type: string, status: number, where: string): NoServiceError {
  const what = type === 'text/html' ? 'HTML: a login page, a proxy or a wrong URL?' : 'something else than gRPC-Web';
  return new NoServiceError(where, `answered ${String(status)} with ${what}`);
}
