import { answerCall, type GrpcReply, unimplemented } from './control-plane.ts';
import { metricsPage } from './metrics-page.ts';
import type { Records } from './records.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

export interface Served {
  readonly records: Records;
  readonly apiToken: string;
}

/** `ok`, and what a server or something before it has been seen to do, or says in its source that it does. */
export type Scenario =
  | 'ok'
  /** The token was revoked: gRPC refuses it, the page does not look. */
  | 'revoked token'
  | 'forbidden lists'
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

const unauthenticated = { status: 16, text: 'JWT token is invalid' } as const;
const permissionDenied = { status: 7, text: 'operation not allowed' } as const;

export function replyTo(received: Received, served: Served, scenario: Scenario): HttpReply {
  const { method, path } = received;
  const page = /^\/prom\/([^/?]*)\/metrics$/.exec(path)?.[1];
  if (page !== undefined) return method === 'GET' ? pageReply(page, received, served, scenario) : notFound;
  if (method !== 'POST' || !path.startsWith('/controlplane.v1.') || scenario === 'no gRPC-Web') return notFound;
  if (scenario === 'login page instead of gRPC-Web') return loginPage;
  if (!(received.contentType ?? '').startsWith('application/grpc-web')) return notFound;
  return grpcReply(callReply(received, served, scenario), scenario);
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };
const notFound: HttpReply = { status: 404, headers: plain, body: '404 page not found\n' };
const loginPage: HttpReply = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Sign in</title>',
};

function callReply(
  { path, body, authorization }: Received,
  { records, apiToken }: Served,
  scenario: Scenario,
): GrpcReply {
  if (scenario === 'unknown service') return unimplemented;
  if (authorization !== `Bearer ${apiToken}` || scenario === 'revoked token') return unauthenticated;
  if (scenario === 'forbidden lists') return permissionDenied;
  return answerCall(path.slice(1), body.subarray(frameHeaderBytes), records);
}

const frameHeaderBytes = 5;
const trailerFlag = 0x80;

function frame(flags: number, payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt8(flags);
  header.writeUInt32BE(payload.byteLength, 1);
  return Buffer.concat([header, payload]);
}

const grpcHeaders = { 'content-type': 'application/grpc-web+proto' };

/** With status 200 whatever happens: what gRPC thinks of it stands in a trailer, or in headers when nothing was sent. */
function grpcReply(reply: GrpcReply, scenario: Scenario): HttpReply {
  if ('status' in reply) {
    const headers = { 'grpc-status': String(reply.status), 'grpc-message': encodeURIComponent(reply.text) };
    return { status: 200, headers: { ...grpcHeaders, ...headers }, body: '' };
  }
  const trailer = scenario === 'capital trailers' ? 'Grpc-Status: 0\r\n' : 'grpc-status: 0\r\n';
  const frames = messageFrames(reply.message, scenario);
  const whole = Buffer.concat([...frames, frame(trailerFlag, Buffer.from(trailer))]);
  if (scenario === 'without trailers') return { status: 200, headers: grpcHeaders, body: Buffer.concat(frames) };
  if (scenario === 'cut off in a frame') return { status: 200, headers: grpcHeaders, body: whole.subarray(0, -3) };
  return { status: 200, headers: grpcHeaders, body: whole };
}

function messageFrames(message: Uint8Array, scenario: Scenario): readonly Uint8Array[] {
  if (scenario !== 'message in two frames') return [frame(0, message)];
  // An empty message changes nothing that it is joined with.
  return [frame(0, message), frame(0, new Uint8Array())];
}

/** The page knows nothing of revoked tokens: signature, expiry and organization are all that it looks at. */
function pageReply(
  organization: string,
  { authorization }: Received,
  { records, apiToken }: Served,
  scenario: Scenario,
): HttpReply {
  if (authorization === undefined) return text(401, 'JWT token is missing');
  if (authorization !== `Bearer ${apiToken}`) return text(401, 'invalid token');
  if (organization !== records.organization)
    return text(
      400,
      `Organization [${records.organization}] on API Token does not match the organization in the request`,
    );
  if (scenario === 'no integration') return text(404, 'Organization does not have a Prometheus integration activated');
  if (scenario === 'gathering error') return text(500, 'Error gathering metrics');
  if (scenario === 'protobuf page') return { status: 200, headers: protobufPage, body: Uint8Array.of(0x0a, 0x00) };
  const page = metricsPage(records, { hasGauge: scenario !== 'gauge missing' });
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

function text(status: number, body: string): HttpReply {
  return { status, headers: plain, body: `${body}\n` };
}
