/** The HTTP server of the page: starts, takes renewed certificates and stops. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { formatHost, endServer, listen, type ListenAddress, ListenError } from '../../../runtime/listen.ts';
import type { ServerCredentials } from './credentials.ts';
import { longestRequestMs, maxConnections } from '../limits.ts';

export interface PageServer {
  /** Without a path. */
  readonly url: string;
  /** @throws ListenError for a certificate and key that do not fit. */
  readonly renew: (tls: ServerCredentials['tls']) => void;
  readonly close: () => Promise<void>;
}

/** @throws ListenError */
export async function startServer(
  address: ListenAddress,
  tls: ServerCredentials['tls'],
  listener: RequestListener,
): Promise<PageServer> {
  const timeouts = { requestTimeout: longestRequestMs, headersTimeout: longestRequestMs };
  const secured =
    tls === undefined ? undefined : useCertificate(() => createTlsServer({ ...timeouts, ...tls }, listener));
  const server: Server | TlsServer = secured ?? createServer(timeouts, listener);
  server.maxConnections = maxConnections;
  const port = await listen(server, address);
  return {
    url: `${secured === undefined ? 'http' : 'https'}://${formatHost(address.host)}:${String(port)}`,
    renew: (renewed) => {
      if (renewed !== undefined)
        useCertificate(() => {
          secured?.setSecureContext(renewed);
        });
    },
    close: () => endServer(server),
  };
}

/** OpenSSL names no setting, and its message may quote what it could not read. */
function useCertificate<Result>(use: () => Result): Result {
  try {
    return use();
  } catch (cause) {
    const message = 'the certificate and key of tls cannot be used; they must be PEM texts that belong together';
    throw new ListenError(message, { cause, isTaken: false });
  }
}
