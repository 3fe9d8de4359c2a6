/** Reads the credentials of a server and sends with them; after a 401 once more with fresh ones. */
import type { Clock } from '../../runtime/clock.ts';
import type { SecretRef } from '../../secrets/secret-ref.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import { type AwsAccess, getAwsCredentials, pickRole } from './aws-credentials.ts';
import type { HttpRequest, TlsMaterial } from '../port.ts';
import { useOrReplace } from './rotation.ts';
import { collectHttpSecrets, type SignableAuth, type TlsSettings } from '../settings.ts';

/** The part of a plugin's configuration that says who the collector is to a server. */
export interface CredentialSettings {
  readonly auth?: SignableAuth | undefined;
  readonly tls?: TlsSettings | undefined;
}

export interface CredentialPorts {
  readonly secrets: Secrets;
  /** Needed for `sigv4` only. */
  readonly signing?: {
    readonly aws: AwsAccess;
    /** Signing name of the service, such as `aps`. */
    readonly service: string;
    readonly clock: Clock;
  };
}

/** To be spread into a request, `headers` joined with its own. */
export type Credentials = Pick<HttpRequest, 'headers' | 'tls' | 'prepare'>;

/**
 * Sends with the credentials that the settings refer to and, when the server refuses them (401, or TLS refuses the
 * client certificate), once more with freshly read ones if they have changed: rotation needs no redeploy.
 * @throws SecretUnavailableError, and whatever `use` throws.
 */
export async function sendWithCredentials<Result>(
  settings: CredentialSettings,
  ports: CredentialPorts,
  signal: AbortSignal,
  use: (credentials: Credentials) => Promise<Result>,
): Promise<Result> {
  const cached = await readCredentials(settings, ports, signal);
  return await useOrReplace(
    cached,
    ({ credentials }) => use(credentials),
    async () => {
      await Promise.all(collectHttpSecrets(settings).map((ref) => ports.secrets.reread(ref, signal)));
      const fresh = await readCredentials(settings, ports, signal);
      // Compared with what was used, for a neighbour that shares the secret may have read it anew in between.
      return fresh.values.join('\n') === cached.values.join('\n') ? undefined : fresh;
    },
  );
}

type Read = (ref: SecretRef) => Promise<string>;

interface Resolved {
  readonly credentials: Credentials;
  /** The secret values in them. */
  readonly values: readonly string[];
}

async function readCredentials(
  { auth, tls }: CredentialSettings,
  { secrets, signing }: CredentialPorts,
  signal: AbortSignal,
): Promise<Resolved> {
  const values: string[] = [];
  const read: Read = async (ref) => {
    const value = (await secrets.read(ref, signal)).reveal();
    values.push(value);
    return value;
  };
  const headers = await readAuthHeaders(auth, read);
  const material = tls === undefined ? {} : { tls: await readTlsMaterial(tls, read) };
  if (auth === undefined || !('sigv4' in auth)) return { credentials: { headers, ...material }, values };
  if (signing === undefined) throw new TypeError('sigv4 needs the AWS access of the process');
  // Loaded here, because the signer costs 140 kB that only this kind of authentication needs.
  const { createSigV4Signer } = await import('./sigv4.ts');
  const { service, clock, aws } = signing;
  const { region } = auth.sigv4;
  const role = pickRole(auth.sigv4);
  const prepare = createSigV4Signer({
    service,
    region,
    clock,
    credentials: () => getAwsCredentials(aws, 'to sign with', role),
  });
  return { credentials: { headers, ...material, prepare }, values };
}

async function readAuthHeaders(auth: SignableAuth | undefined, read: Read): Promise<Readonly<Record<string, string>>> {
  if (auth === undefined || 'sigv4' in auth) return {};
  // A token has no blanks (RFC 6750, section 2.1), but a hand or `echo` that stores one may add some around it.
  if ('bearer' in auth) return { authorization: `Bearer ${(await read(auth.bearer)).trim()}` };
  const { username, password } = auth.basic;
  const pair = `${username}:${await read(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function readTlsMaterial({ ca, cert, key }: TlsSettings, read: Read): Promise<TlsMaterial> {
  return {
    ...(ca === undefined ? {} : { ca: await read(ca) }),
    ...(cert === undefined ? {} : { cert: await read(cert) }),
    ...(key === undefined ? {} : { key: await read(key) }),
  };
}
