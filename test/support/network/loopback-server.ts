/** A server on a free loopback port that records each request in full. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case; a repeated header is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface LoopbackServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** In order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** Connections that were opened. */
  readonly connections: () => number;
  /** Connections that are still open. */
  readonly openConnections: () => number;
  readonly close: () => Promise<void>;
}

export type Respond = (request: IncomingMessage, response: ServerResponse, recorded: RecordedRequest) => void;

export type MakeServer = (listener: RequestListener) => Server;

/** A server on a free loopback port that records each request in full and then lets `respond` answer. */
export async function startLoopbackServer(
  respond: Respond,
  make: MakeServer = (listener) => createServer(listener),
  protocol: 'http' | 'https' = 'http',
): Promise<LoopbackServer> {
  const requests: RecordedRequest[] = [];
  let opened = 0;
  const server = make((request, response) => {
    void bodyOf(request).then((body) => {
      const recorded = recordedOf(request, body);
      requests.push(recorded);
      respond(request, response, recorded);
    });
  });
  // The raw sockets: a connection whose TLS handshake failed belongs to no request and would keep the server open.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Node's five seconds are over between two runs on a busy machine.
  server.keepAliveTimeout = 120_000;
  const port = await listen(server);
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: `${protocol}://127.0.0.1:${String(port)}`,
    port,
    requests,
    connections: () => opened,
    openConnections: () => sockets.size,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Starts on a free port of 127.0.0.1 and resolves with it. */
export async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (!isAddress(address)) throw new TypeError('the server has no port');
  return address.port;
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

/** What came until the end; a client that hangs up in between leaves what had come. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  } catch {
    return Buffer.concat(chunks);
  }
  return Buffer.concat(chunks);
}

function recordedOf({ method, url, headers }: IncomingMessage, body: Buffer): RecordedRequest {
  const named = Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')] as const);
  return { method: method ?? '', path: url ?? '', headers: Object.fromEntries(named), body };
}
