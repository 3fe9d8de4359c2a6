import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Prometheus text exposition 0.0.4, the format that every scraper reads. */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricsPage {
  /** Address of the page. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface MetricsPageOptions {
  readonly port: number;
  /** Whether another port will do when this one is taken. */
  readonly mayMove: boolean;
  /** The page as it stands now. */
  readonly page: () => string;
}

/** Serves `/metrics` on loopback only: nothing here asks who is reading. */
export async function serveMetrics({ port, mayMove, page }: MetricsPageOptions): Promise<MetricsPage> {
  const server = createServer((request, response) => {
    answer(request, response, page);
  });
  try {
    await listen(server, port);
  } catch (error) {
    if (!mayMove || !isTaken(error)) throw portError(port, error);
    await listen(server, 0);
  }
  return {
    url: `http://127.0.0.1:${String(portOf(server.address()))}/metrics`,
    close: () => close(server),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, page: () => string): void {
  const path = request.url?.split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else if (path === '/metrics') {
    response.writeHead(200, { 'content-type': contentType }).end(page());
  } else {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('the metrics are at /metrics\n');
  }
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', () => {
    resolve(undefined);
  });
  await promise.finally(() => server.off('error', reject));
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return address.port;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}

function portError(port: number, cause: unknown): Error {
  const reason = isTaken(cause) ? 'is taken or not allowed; choose another one with --port, or 0 for any' : 'failed';
  return new Error(`port ${String(port)} on 127.0.0.1 ${reason}`, { cause });
}

/** A scraper keeps its connection open; it must not keep the process open. */
async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => {
    resolve(undefined);
  });
  server.closeAllConnections();
  await promise;
}
