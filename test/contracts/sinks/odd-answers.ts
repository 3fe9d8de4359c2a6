/** The table of odd answers to what a sink sends, most of them made of the answer that its backend would have given. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { ProblemKind } from '../../../lambda/model/problem.ts';
import { listen } from '../../support/network/loopback-server.ts';
import type { StartReceiver } from './facts.ts';
import type { HttpAnswer } from './http-receiver.ts';

/**
 * What a sink has to make of an answer. `accepted`: all of it, without a problem; `not stored`: nothing, which is certain,
 * so that no increase is called unconfirmed; `unknown`: nothing, and increases that were sent are not sent again.
 */
export type OddOutcome =
  { readonly is: 'accepted' } | { readonly is: 'not stored' | 'unknown'; readonly kind: ProblemKind };

/** The answer of a backend that took all that it was sent. */
type GoodAnswer = Omit<HttpAnswer, 'stored'>;

export interface OddAnswer {
  /** Whether the backend has kept what it was sent. */
  readonly isStored: boolean;
  readonly respond: (good: GoodAnswer, response: ServerResponse) => void;
}

export interface OddServer {
  readonly name: string;
  readonly outcome: OddOutcome;
  /** How it answers, or a server that lets nothing arrive. */
  readonly server: OddAnswer | StartReceiver;
}

const accepted: OddOutcome = { is: 'accepted' };
const garbled: OddOutcome = { is: 'unknown', kind: 'bad-response' };
const brokenOff: OddOutcome = { is: 'unknown', kind: 'unavailable' };
const misled: OddOutcome = { is: 'not stored', kind: 'bad-response' };
const limited: OddOutcome = { is: 'not stored', kind: 'rate-limited' };
const rejected: OddOutcome = { is: 'not stored', kind: 'rejected' };
const noHandshake: OddOutcome = { is: 'not stored', kind: 'unavailable' };

const page = '\n<!doctype html><html><head><title>Sign in</title></head><body>Sign in</body></html>';

export const oddServers = [
  kept('a good answer of another type', accepted, (good, response) => {
    response.writeHead(good.status, { ...headersOf(good), 'content-type': 'text/plain' }).end(good.body);
  }),
  kept('a good answer without a type', accepted, ({ status, headers = {}, body }, response) => {
    response.writeHead(status, Object.fromEntries(Object.entries(headers).filter(isNoType))).end(body);
  }),
  kept('a good answer in gzip', accepted, (good, response) => {
    response.writeHead(200, { ...headersOf(good), 'content-encoding': 'gzip' }).end(gzipSync(bytesOf(good)));
  }),
  kept('a good answer with another one behind it', accepted, (good, response) => {
    const body = bytesOf(good);
    const headers = { ...headersOf(good), 'content-length': String(body.byteLength) };
    writeRaw(response, 200, headers, Buffer.concat([body, Buffer.from('HTTP/1.1 500 More\r\n\r\n')]));
  }),
  kept('204 with a body', accepted, ({ headers }, response) => {
    writeRaw(response, 204, { ...headers, 'content-length': '5' }, 'hello');
  }),
  kept('200 and nothing', accepted, ({ headers }, response) => {
    response.writeHead(200, { ...headers, 'content-length': '0' }).end();
  }),
  kept('103 before the answer', accepted, (good, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    response.writeHead(good.status, headersOf(good)).end(good.body);
  }),
  kept('100 before the answer', garbled, (good, response) => {
    response.writeContinue();
    response.writeHead(good.status, headersOf(good)).end(good.body);
  }),
  lost('a web page that calls itself JSON', garbled, (_good, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(page);
  }),
  lost('a web page without a type', garbled, (_good, response) => {
    response.writeHead(200).end(page);
  }),
  kept('a chunked body that is cut', brokenOff, (good, response) => {
    writeRaw(response, 200, { ...headersOf(good), 'transfer-encoding': 'chunked' }, 'ff\r\n{"errors":');
  }),
  kept('a chunked body without its end', brokenOff, (good, response) => {
    writeRaw(response, 200, { ...headersOf(good), 'transfer-encoding': 'chunked' }, '2\r\n{}\r\n');
  }),
  kept('a chunk whose size is no number', garbled, (good, response) => {
    writeRaw(response, 200, { ...headersOf(good), 'transfer-encoding': 'chunked' }, 'zz\r\n{}\r\n0\r\n\r\n');
  }),
  kept('gzip that is none', garbled, (good, response) => {
    response.writeHead(200, { ...headersOf(good), 'content-encoding': 'gzip' }).end('this is no gzip');
  }),
  kept('gzip that is cut', garbled, (good, response) => {
    const cut = gzipSync(Buffer.concat([bytesOf(good), Buffer.alloc(100, ' ')])).subarray(0, 20);
    response.writeHead(200, { ...headersOf(good), 'content-encoding': 'gzip' }).end(cut);
  }),
  kept('a compression that nobody asked for', garbled, (good, response) => {
    response.writeHead(200, { ...headersOf(good), 'content-encoding': 'br' }).end('compressed');
  }),
  lost('an answer that is no HTTP', garbled, (_good, response) => {
    response.socket?.end('220 mail.example.com ESMTP\r\n');
  }),
  lost('headers that are too long', garbled, (_good, response) => {
    writeRaw(response, 200, { 'x-long': 'x'.repeat(100_000) }, '');
  }),
  kept('an end without an answer', brokenOff, (_good, response) => {
    response.socket?.end();
  }),
  refusal('302 without a place', misled, 302),
  refusal('302 to another path', misled, 302, { location: '/login' }),
  refusal('307 to no URL', misled, 307, { location: 'http://[' }),
  refusal('303 to a result', garbled, 303, { location: '/result' }),
  refusal('304', misled, 304),
  refusal('429 with a negative Retry-After', limited, 429, { 'retry-after': '-5' }),
  refusal('429 with words for Retry-After', limited, 429, { 'retry-after': 'in a while' }),
  refusal('429 with an endless Retry-After', limited, 429, { 'retry-after': '9'.repeat(400) }),
  refusal('429 with a Retry-After of the past', limited, 429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
  refusal('429 with two Retry-After', limited, 429, { 'retry-after': '0, 3600' }),
  refusal('413 without a size', rejected, 413),
  refusal('400 without a word', rejected, 400),
  { name: 'TLS that ends in its handshake', outcome: noHandshake, server: startTls((socket) => socket.end()) },
  {
    name: 'no TLS',
    outcome: noHandshake,
    server: startTls((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
] as const satisfies readonly OddServer[];

export type OddServerName = (typeof oddServers)[number]['name'];

type Respond = OddAnswer['respond'];

function kept<const Name extends string>(name: Name, outcome: OddOutcome, respond: Respond) {
  return { name, outcome, server: { isStored: true, respond } } satisfies OddServer;
}

function lost<const Name extends string>(name: Name, outcome: OddOutcome, respond: Respond) {
  return { name, outcome, server: { isStored: false, respond } } satisfies OddServer;
}

function refusal<const Name extends string>(
  name: Name,
  outcome: OddOutcome,
  status: number,
  headers: Readonly<Record<string, string>> = {},
) {
  return lost(name, outcome, (_good, response) => {
    response.writeHead(status, headers).end();
  });
}

function isNoType([name]: readonly [string, string]): boolean {
  return name !== 'content-type';
}

function bytesOf({ body = '' }: GoodAnswer): Buffer {
  return Buffer.from(body);
}

function headersOf({ headers = {} }: GoodAnswer): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json', ...headers };
}

/** Past Node's own server, which writes nothing that HTTP forbids. */
function writeRaw(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
  response.socket?.end(Buffer.concat([Buffer.from(head), Buffer.from(body)]));
}

/** A server at an `https` address that answers the first bytes of each connection in its own way. */
function startTls(answer: (socket: Socket) => void): StartReceiver {
  return async () => {
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', () => {
          answer(socket);
        });
    });
    const port = await listen(server);
    return {
      url: `https://127.0.0.1:${String(port)}`,
      received: () => Promise.resolve([]),
      [Symbol.asyncDispose]: () => close(server),
    };
  };
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
