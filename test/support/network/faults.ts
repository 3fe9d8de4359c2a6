/** The table of ways in which a server fails, and what each source and sink has to make of them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { ProblemKind } from '../../../lambda/model/problem.ts';

interface FaultContext {
  /** Origin of a second server, which no request may be led to. */
  readonly otherOrigin: string;
}

/** One way in which a server fails, and what a plugin has to make of it. */
export interface Fault {
  readonly name: string;
  /** The kind of problem that a source reports, which reads the answer. */
  readonly source: ProblemKind;
  /** The kind that a sink reports; undefined where the data has been accepted, whatever the body of the answer is. */
  readonly sink: ProblemKind | undefined;
  readonly respond: (request: IncomingMessage, response: ServerResponse, context: FaultContext) => void;
}

/** Above the limit of the HTTP port, so that only a reader that stops early passes. */
const hugeBytes = 64 * 1024 * 1024;

/** Small on the wire, above the limit of the HTTP port once decompressed. */
const bomb = gzipSync(Buffer.alloc(hugeBytes, 0x20));

/** Often enough that no pause between two bytes is suspicious. */
const dripMs = 20;

/** The fault table that every source and every sink has to survive. */
export const faults = [
  status('401', 401, { message: 'Invalid access token' }, 'auth'),
  status('403', 403, { message: 'Forbidden' }, 'auth'),
  status('404', 404, { message: 'Not found' }, 'configuration'),
  status('429 with Retry-After', 429, { message: 'Slow down' }, 'rate-limited', { 'retry-after': '3600' }),
  status('429 without Retry-After', 429, { message: 'Slow down' }, 'rate-limited'),
  status('500', 500, { message: 'Internal error' }, 'unavailable'),
  { name: 'no answer', source: 'timeout', sink: 'timeout', respond: neverAnswer },
  { name: 'slow drip', source: 'timeout', sink: 'timeout', respond: drip },
  body('truncated JSON', 'application/json', Buffer.from('{"jobs": {"scheduled": 1, "queues": {"def')),
  body('HTML instead of JSON', 'text/html', Buffer.from('<!doctype html><title>Sign in</title>')),
  body('invalid UTF-8', 'application/json', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
  body('empty body', 'application/json', Buffer.alloc(0)),
  { name: 'huge body', source: 'bad-response', sink: 'bad-response', respond: pour },
  { name: 'gzip bomb', source: 'bad-response', sink: 'bad-response', respond: sendBomb },
  { name: 'redirect to another origin', source: 'bad-response', sink: 'bad-response', respond: leadAway },
  { name: 'connection reset mid-body', source: 'unavailable', sink: 'unavailable', respond: breakOff },
] as const satisfies readonly Fault[];

export type FaultName = (typeof faults)[number]['name'];

export function faultNamed(name: FaultName): Fault {
  const fault = faults.find((candidate) => candidate.name === name);
  if (fault === undefined) throw new TypeError(`no fault is named ${name}`);
  return fault;
}

function status<const Name extends string>(
  name: Name,
  code: number,
  message: Readonly<Record<string, string>>,
  kind: ProblemKind,
  headers: Readonly<Record<string, string>> = {},
) {
  return {
    name,
    source: kind,
    sink: kind,
    respond: (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(code, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(message));
    },
  } satisfies Fault;
}

/** A success whose body a source cannot use and a sink does not read. */
function body<const Name extends string>(name: Name, type: string, bytes: Uint8Array) {
  return {
    name,
    source: 'bad-response',
    sink: undefined,
    respond: (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.byteLength });
      response.end(bytes);
    },
  } satisfies Fault;
}

/** Takes the request and stays silent; the end of the server ends the connection. */
function neverAnswer(): void {
  return;
}

function drip(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), dripMs);
  response.once('close', () => {
    clearInterval(timer);
  });
}

function pour(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  let left = hugeBytes;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.byteLength;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}

function sendBomb(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  response.end(bomb);
}

function leadAway({ url }: IncomingMessage, response: ServerResponse, { otherOrigin }: FaultContext): void {
  // 307 asks for the same method, body and headers again: the most a redirect can carry away.
  response.writeHead(307, { location: new URL(url ?? '/', otherOrigin).href });
  response.end();
}

function breakOff(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
  response.write('{"jobs":', () => response.socket?.resetAndDestroy());
}
