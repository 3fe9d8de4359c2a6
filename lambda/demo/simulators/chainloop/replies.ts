/** Answers HTTP requests to the simulated control plane, also with faults that real ones have shown. */
import { type GrpcReply, findMethod } from './control-plane.ts';
import { admit, findPageRefusal, type Served } from './credentials.ts';
import { isTokenRefusal, type TokenRefusal, tokenRefusals, refuseUnknownService } from './grpc-refusals.ts';
import { renderMetricsPage } from './metrics-page.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** The header `Chainloop-Organization`. */
  readonly organization?: string | undefined;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** `ok`, and what a server or something before it has been seen to do, or says in its source that it does. */
export type Scenario =
  | 'ok'
  /** Every token is refused by gRPC in this way; the metrics page checks less of it. */
  | TokenRefusal
  /** Only the UUID of a version is a filter, its name is none. */
  | 'before v1.100.0'
  /** A user's token sees the organization that the user chose, whatever the call says. */
  | 'before the organization header'
  /** Something on the way answers the second page of runs with the first. */
  | 'circling cursor'
  /** An older server, or one whose gateway lets only the page pass. */
  | 'unknown service'
  | 'no gRPC-Web'
  | 'login page instead of gRPC-Web'
  | 'capital trailers'
  | 'message in two frames'
  | 'cut off in a frame'
  | 'without trailers'
  | 'no integration'
  | 'gauge missing'
  | 'encoding error'
  | 'gathering error'
  | 'protobuf page'
  | 'bare text page';

export function replyTo(received: Received, served: Served, scenario: Scenario, nowMs: number): HttpReply {
  const { method, path } = received;
  const page = /^\/prom\/([^/?]*)\/metrics$/.exec(path)?.[1];
  if (page !== undefined) return method === 'GET' ? replyWithPage(page, received, served, scenario) : notFound;
  // What is no gRPC-Web, gRPC itself and a GET among it, goes to the other handlers of the port, which know no such path.
  if (method !== 'POST' || scenario === 'no gRPC-Web') return notFound;
  if (scenario === 'login page instead of gRPC-Web') return loginPage;
  if (!(received.contentType ?? '').startsWith('application/grpc-web')) return notFound;
  return makeGrpcReply(replyToCall(received, served, scenario, nowMs), scenario);
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };
const notFound: HttpReply = { status: 404, headers: plain, body: '404 page not found\n' };
const loginPage: HttpReply = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Sign in</title>',
};

function replyToCall(received: Received, served: Served, scenario: Scenario, nowMs: number): GrpcReply {
  const { path, body } = received;
  if (scenario === 'unknown service') return refuseUnknownService(path.slice(1).split('/', 1)[0] ?? '');
  // That a method does not exist is told without credentials, too.
  const method = findMethod(path.slice(1));
  if (typeof method !== 'function') return method;
  if (isTokenRefusal(scenario)) return tokenRefusals[scenario];
  const organization = scenario === 'before the organization header' ? undefined : received.organization;
  const admission = admit({ authorization: received.authorization, organization }, served, nowMs);
  if (!('records' in admission)) return admission;
  return method(body.subarray(frameHeaderBytes), admission.records, {
    knowsVersionNames: scenario !== 'before v1.100.0',
    ignoresCursor: scenario === 'circling cursor',
    isUser: received.authorization === `Bearer ${served.user?.token ?? ''}`,
  });
}

const frameHeaderBytes = 5;
const trailerFlag = 0x80;

function encodeFrame(flags: number, payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt8(flags);
  header.writeUInt32BE(payload.byteLength, 1);
  return Buffer.concat([header, payload]);
}

const grpcHeaders = { 'content-type': 'application/grpc-web+proto' };

/** With status 200 whatever happens: what gRPC thinks of it stands in a trailer, or in headers when nothing was sent. */
function makeGrpcReply(reply: GrpcReply, scenario: Scenario): HttpReply {
  if ('status' in reply) {
    const headers = { 'grpc-status': String(reply.status), 'grpc-message': encodeMessage(reply.text) };
    return { status: 200, headers: { ...grpcHeaders, ...headers }, body: '' };
  }
  const trailer = scenario === 'capital trailers' ? 'Grpc-Status: 0\r\n' : 'grpc-status: 0\r\n';
  const frames = encodeFrames(reply.message, scenario);
  const whole = Buffer.concat([...frames, encodeFrame(trailerFlag, Buffer.from(trailer))]);
  if (scenario === 'without trailers') return { status: 200, headers: grpcHeaders, body: Buffer.concat(frames) };
  if (scenario === 'cut off in a frame') return { status: 200, headers: grpcHeaders, body: whole.subarray(0, -3) };
  return { status: 200, headers: grpcHeaders, body: whole };
}

/** Percent-encoded where gRPC wants it (grpc/grpc, doc/PROTOCOL-HTTP2.md): other than printable ASCII, and the percent sign. */
function encodeMessage(text: string): string {
  return [...Buffer.from(text)].map(encodeByte).join('');
}

function encodeByte(byte: number): string {
  const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
  return isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function encodeFrames(message: Uint8Array, scenario: Scenario): readonly Uint8Array[] {
  if (scenario !== 'message in two frames') return [encodeFrame(0, message)];
  // An empty message changes nothing that it is joined with.
  return [encodeFrame(0, message), encodeFrame(0, new Uint8Array())];
}

function replyWithPage(
  organization: string,
  { authorization }: Received,
  served: Served,
  scenario: Scenario,
): HttpReply {
  const { records } = served;
  const refusal = findPageRefusal(authorization, served);
  if (refusal !== undefined) return makeTextReply(401, refusal);
  if (organization !== records.organization)
    return makeTextReply(
      400,
      `Organization [${records.organization}] on API Token does not match the organization in the request`,
    );
  if (scenario === 'no integration')
    return makeTextReply(404, 'Organization does not have a Prometheus integration activated');
  if (scenario === 'gathering error') return makeTextReply(500, 'Error gathering metrics');
  if (scenario === 'protobuf page') return { status: 200, headers: protobufPage, body: Uint8Array.of(0x0a, 0x00) };
  const page = renderMetricsPage(records, { hasGauge: scenario !== 'gauge missing' });
  const type = scenario === 'bare text page' ? 'text/plain' : textPage;
  return {
    status: 200,
    headers: { 'content-type': type },
    body: scenario === 'encoding error' ? `${page}Error encoding metrics\n` : page,
  };
}

const textPage = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';
const protobufPage = {
  'content-type': 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
};

function makeTextReply(status: number, body: string): HttpReply {
  return { status, headers: plain, body: `${body}\n` };
}
