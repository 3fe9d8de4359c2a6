/** Parses the address at which the page is served, and says whether only this machine can reach it. */
import { isIPv4, isIPv6 } from 'node:net';
import type { ListenAddress } from '../../runtime/listen.ts';

const written = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[a-zA-Z0-9.-]+)):(?<port>\d{1,5})$/;

/** `127.0.0.1:9464`, `[::1]:9464` or `localhost:9464`; undefined for what is none. */
export function parseAddress(text: string): ListenAddress | undefined {
  const { v6, host = v6, port } = written.exec(text)?.groups ?? {};
  const number = Number(port);
  if (host === undefined || !(number <= 65_535)) return undefined;
  return v6 !== undefined && !isIPv6(v6) ? undefined : { host, port: number };
}

/** What a name stands for is known to the machine alone, except for this one. */
export function isLoopback({ host }: ListenAddress): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host === '::1';
}
