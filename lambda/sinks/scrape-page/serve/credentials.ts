/** Reads the server's certificate and the readers' password, and compares the password. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SecretRef } from '../../../secrets/secret-ref.ts';
import type { Secrets } from '../../../secrets/secrets.ts';
import type { ScrapePageConfig } from '../config.ts';

export interface ServerCredentials {
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The only `Authorization` header that is accepted; undefined: every reader is. */
  readonly authorization: string | undefined;
}

/** @throws SecretUnavailableError */
export async function readCredentials(
  { tls, auth }: Pick<ScrapePageConfig, 'tls' | 'auth'>,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<ServerCredentials> {
  const read = async (ref: SecretRef): Promise<string> => (await secrets.read(ref, signal)).reveal();
  return {
    tls: tls === undefined ? undefined : { cert: await read(tls.cert), key: await read(tls.key) },
    authorization: auth === undefined ? undefined : formatBasic(auth.basic.username, await read(auth.basic.password)),
  };
}

function formatBasic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Takes the same time for every wrong header, so that the right one cannot be guessed letter by letter. */
export function isLetIn({ authorization }: ServerCredentials, given: string | undefined): boolean {
  if (authorization === undefined) return true;
  // The name of the scheme is written in any case (RFC 7617).
  const normal = (given ?? '').replace(/^basic /i, 'Basic ');
  return timingSafeEqual(hashText(normal), hashText(authorization));
}

function hashText(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
