/** Starts and stops the servers of the simulators on this machine. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';

/** Listens on this machine only, on any free port for 0; gives the origin. Rejects when the port is taken. */
export async function listenOnLoopback(server: Server, port: number): Promise<string> {
  // After Node's five seconds a busy machine would close connections while a request is on its way.
  server.keepAliveTimeout = 0;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${String(address.port)}`;
}

/** A server tells the time of each of its answers; a simulated one lives by its own clock, not by the machine's. */
export function stampDates(server: Server, clock: Clock): void {
  server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
    response.setHeader('date', new Date(clock()).toUTCString());
  });
}

/** Also ends connections that are kept alive, and those that hang. */
export async function closeServer(server: Server): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await ended;
}
