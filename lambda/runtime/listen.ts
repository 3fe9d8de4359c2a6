/** Lets a server listen at an address, or says why it cannot; and ends one although its callers stay connected. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ListenAddress {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** `isTaken`: another one would do, or other rights. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly isTaken: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isTaken: boolean }) {
    super(message, { cause: options.cause });
    this.isTaken = options.isTaken;
  }
}

/** The port on which it listens then. @throws ListenError */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ host, port }, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } catch (cause) {
    throw createListenError(`${formatHost(host)}:${String(port)}`, cause);
  } finally {
    server.off('error', reject);
  }
  return portOf(server.address());
}

/** As it stands in a URL. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return address.port;
}

function createListenError(where: string, cause: unknown): ListenError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  const isTaken = code === 'EADDRINUSE' || code === 'EACCES';
  const [reason, remedy] = reasons.get(code) ?? ['cannot be listened at', 'name an address of this machine'];
  return new ListenError(`${where} ${reason} (${code}); ${remedy}`, { cause, isTaken });
}

const reasons: ReadonlyMap<string, readonly [reason: string, remedy: string]> = new Map([
  ['EADDRINUSE', ['is taken by another process', 'end that one, or choose another port']],
  ['EACCES', ['is not allowed to this user', 'choose a port from 1024 on']],
  ['EADDRNOTAVAIL', ['is no address of this machine', 'name one of its own, or 127.0.0.1']],
  ['ENOTFOUND', ['is a name that nobody knows', 'name an address of this machine']],
]);

/** A caller that keeps its connection open must not keep the process open. */
export async function endServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => {
    resolve(undefined);
  });
  server.closeAllConnections();
  await promise;
}
