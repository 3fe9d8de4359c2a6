/** Servers on loopback that fail as one entry of the table of faults says. */
import type { Fault } from './faults.ts';
import { startLoopbackServer, type RecordedRequest } from './loopback-server.ts';

export interface FaultServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** A second server, to which a redirect leads; a request that arrives there is a leak. */
  readonly otherOrigin: { readonly url: string; readonly requests: readonly RecordedRequest[] };
  readonly close: () => Promise<void>;
}

/** Two servers on free loopback ports: one that fails as `fault` says at every path, and one that records leaks. */
export async function startFaultServer(fault: Fault): Promise<FaultServer> {
  const otherOrigin = await startLoopbackServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{}');
  });
  const server = await startLoopbackServer((request, response) => {
    fault.respond(request, response, { otherOrigin: otherOrigin.url });
  });
  const close = async (): Promise<void> => {
    await Promise.all([server.close(), otherOrigin.close()]);
  };
  return { url: server.url, requests: server.requests, otherOrigin, close, [Symbol.asyncDispose]: close };
}
