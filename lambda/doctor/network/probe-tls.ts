/** Shakes hands with a server by TLS, directly or through a proxy, and tells what its certificate says. */
import { request } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect, type ConnectionOptions, createSecureContext, type TLSSocket } from 'node:tls';
import type { TlsMaterial } from '../../http/port.ts';
import { createCheckedLookup, hostOf, type LoopbackPolicy } from '../../http/transport/address.ts';
import { portOf } from '../../http/transport/proxy.ts';

export interface TlsTarget {
  readonly origin: URL;
  /** As requests to it are sent with; without a CA, those that Node knows. */
  readonly tls: TlsMaterial;
  /** Of an HTTP proxy; absent: directly. */
  readonly proxy: string | undefined;
  readonly loopback: LoopbackPolicy;
}

export interface ServerCertificate {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** Who has signed it. */
  readonly issuer: string;
  /** Epoch milliseconds. */
  readonly expiresMs: number;
}

/** @throws Node's error, with its code; the reason of the signal. */
export async function probeTls(target: TlsTarget, signal: AbortSignal): Promise<ServerCertificate> {
  const { origin, tls, proxy, loopback } = target;
  const host = hostOf(origin);
  const port = Number(portOf(origin));
  // Before any connection, for it throws where a PEM text is none.
  const secureContext = createSecureContext(tls);
  const way: ConnectionOptions =
    proxy === undefined
      ? { port, lookup: createCheckedLookup(loopback) }
      : { socket: await openTunnel(new URL(proxy), `${origin.hostname}:${String(port)}`, signal) };
  // Node compares the certificate with `servername`, else with `host`, also where a tunnel is given.
  const socket = connect({ ...way, host, secureContext, ...chooseServerName(tls.servername, host) });
  try {
    await awaitEvent(socket, 'secureConnect', signal);
    return readCertificate(socket);
  } finally {
    socket.destroy();
  }
}

/** An IP address must not be sent as a name (RFC 6066, section 3). */
function chooseServerName(configured: string | undefined, host: string): Pick<ConnectionOptions, 'servername'> {
  if (configured !== undefined) return { servername: configured };
  return isIP(host) === 0 ? { servername: host } : {};
}

function readCertificate(socket: TLSSocket): ServerCertificate {
  const { issuer, valid_to: validTo } = socket.getPeerCertificate();
  const name = issuer.O ?? issuer.CN;
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    issuer: (Array.isArray(name) ? name[0] : name) ?? 'an unnamed CA',
    expiresMs: Date.parse(validTo),
  };
}

/** `CONNECT`, with the credentials of the proxy's URL. */
async function openTunnel(proxy: URL, target: string, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const asking = request({
    host: hostOf(proxy),
    port: portOf(proxy),
    method: 'CONNECT',
    path: target,
    signal,
    headers: proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` },
  });
  asking.once('connect', ({ statusCode = 0 }, socket) => {
    if (statusCode === 200) {
      resolve(socket);
      return;
    }
    socket.destroy();
    reject(Object.assign(new Error('the proxy opened no tunnel'), { code: `PROXY_${String(statusCode)}` }));
  });
  asking.once('error', reject);
  asking.end();
  return await promise;
}

async function awaitEvent(socket: TLSSocket, event: 'secureConnect', signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const giveUp = (): void => {
    reject(signal.reason instanceof Error ? signal.reason : new Error('gave up'));
  };
  signal.addEventListener('abort', giveUp, { once: true });
  socket.once(event, () => {
    resolve(undefined);
  });
  // A server that ends the handshake without a word reports no error.
  socket.once('close', () => {
    reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
  });
  socket.once('error', reject);
  try {
    signal.throwIfAborted();
    await promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    // An alert that comes late must not end the process.
    socket.on('error', () => undefined);
  }
}
