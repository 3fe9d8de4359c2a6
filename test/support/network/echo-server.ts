/** A server that sends back whatever it is sent, in every encoding: the worst that a debug page or a proxy can do. */
import { type LoopbackServer, type RecordedRequest, startLoopbackServer } from './loopback-server.ts';

export interface EchoServer extends LoopbackServer {
  /** What requests proved themselves with, as it came over the wire, by where it stood. */
  readonly credentials: () => Readonly<Record<string, string>>;
}

export interface EchoOptions {
  readonly status: number;
  /** Characters before the echo, so that a cut goes through it somewhere. */
  readonly lead?: number;
  /** Said besides, such as what the server learned from a proxy. */
  readonly said?: readonly string[];
  /** Answers in place of the echo where it gives something. */
  readonly answer?: (request: RecordedRequest) => object | undefined;
}

export async function startEchoServer({ status, lead = 0, said = [], answer }: EchoOptions): Promise<EchoServer> {
  const server = await startLoopbackServer((_request, response, recorded) => {
    const usual = answer?.(recorded);
    if (usual !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(usual));
      return;
    }
    const text = [...said.flatMap(encodingsOf), echoOf(recorded)].join(' ');
    const body = { message: `${'.'.repeat(lead)}${text}`, __type: 'InvalidSignatureException', error: text };
    const headers = { 'content-type': 'application/json', 'x-echo': Buffer.from(text).toString('base64') };
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  return { ...server, credentials: () => Object.fromEntries(server.requests.flatMap(credentialsIn)) };
}

/** Each credential in each encoding first, then the request as a whole. */
function echoOf(request: RecordedRequest): string {
  const encoded = credentialsIn(request).flatMap(([, value]) => encodingsOf(value));
  return [...encoded, request.path, JSON.stringify(request.headers), request.body.toString('latin1')].join(' ');
}

/** The whole texts; the scan looks for what all of them have in common wherever the value stands in them. */
export function encodingsOf(value: string): readonly string[] {
  const base64 = [value, `u:${value}`, `us:${value}\n`].map((text) => Buffer.from(text).toString('base64'));
  const percent = encodeURIComponent(value);
  return [
    value,
    JSON.stringify(value),
    JSON.stringify({ line: JSON.stringify({ value }) }),
    percent,
    percent.toLowerCase(),
    new URLSearchParams({ value }).toString(),
    ...base64,
    Buffer.from(value).toString('base64url'),
    Buffer.from(value).toString('hex'),
  ];
}

function credentialsIn({ headers }: RecordedRequest): readonly (readonly [string, string])[] {
  const { authorization = '' } = headers;
  const signature = /Signature=([0-9a-f]{64})/.exec(authorization)?.[1];
  const token = signature === undefined ? authorization.replace(/^\w+ /, '') : '';
  const session = headers['x-amz-security-token'] ?? '';
  const found = { [`signature ${signature ?? ''}`]: signature ?? '', [`token ${token}`]: token, session };
  return Object.entries(found).filter(([, value]) => value !== '');
}
