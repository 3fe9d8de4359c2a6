/** Keeps an access token until shortly before it ends, and gets another one where a server refuses it. */
import type { Clock } from '../../../runtime/clock.ts';
import { describeSecretRef, type SecretRef } from '../../../secrets/secret-ref.ts';
import type { Secrets } from '../../../secrets/secrets.ts';
import type { AwsAccess } from '../aws-credentials.ts';
import { useOrReplace } from '../rotation.ts';
import type { HttpPort } from '../../port.ts';
import type { GoogleAuth } from './settings.ts';
import type { AccessToken, Waiting } from './token.ts';
import { minuteMs } from '../../../model/time.ts';

export interface GoogleTokenPorts {
  readonly http: HttpPort;
  readonly secrets: Secrets;
  readonly aws: AwsAccess;
  readonly clock: Clock;
  /** Told every secret value before it is sent or kept. */
  readonly rememberSecret: (value: string) => void;
}

export interface GoogleTokens {
  /**
   * Sends with a token and, when the server refuses it (401), once more with another one: a token may be revoked at any
   * time, and a secret rotated. @throws SecretUnavailableError, HttpError, and whatever `use` throws
   */
  readonly sendWithToken: <Result>(
    waiting: Waiting,
    use: (authorization: string) => Promise<Result>,
  ) => Promise<Result>;
}

/** A request that is sent with it now has come to its end by then, retries included. */
const renewBeforeMs = 5 * minuteMs;

/** @param scope What the token is good for. */
export function createGoogleTokens(auth: GoogleAuth, scope: string, ports: GoogleTokenPorts): GoogleTokens {
  const ask = createTokenReader(auth, scope, ports);
  let kept: AccessToken | undefined;
  let asking: Promise<AccessToken> | undefined;

  /** One request for all callers that need a token at the same moment. */
  const requestToken = async (waiting: Waiting, isRefused: boolean): Promise<AccessToken> => {
    asking ??= ask(waiting, isRefused).finally(() => {
      asking = undefined;
    });
    kept = await asking;
    return kept;
  };
  const getToken = async (waiting: Waiting): Promise<AccessToken> => {
    const isGood = kept !== undefined && ports.clock() < kept.endsAtMs - renewBeforeMs;
    return isGood && kept !== undefined ? kept : await requestToken(waiting, false);
  };
  /** Undefined where there is no other one. */
  const replaceToken = async (refused: AccessToken, waiting: Waiting): Promise<AccessToken | undefined> => {
    // A neighbour may have got a new one in between.
    if (kept !== undefined && kept.value !== refused.value) return kept;
    kept = undefined;
    const next = await requestToken(waiting, true);
    return next.value === refused.value ? undefined : next;
  };
  return {
    sendWithToken: async (waiting, use) => {
      const token = await getToken(waiting);
      return await useOrReplace(
        token,
        ({ value }) => use(`Bearer ${value}`),
        () => replaceToken(token, waiting),
      );
    },
  };
}

/** `isRefused`: what was made of the secret so far is not taken any more. */
type Ask = (waiting: Waiting, isRefused: boolean) => Promise<AccessToken>;

function createTokenReader(auth: GoogleAuth, scope: string, ports: GoogleTokenPorts): Ask {
  const { secrets, clock } = ports;
  const read = async (ref: SecretRef, { signal }: Waiting, isRefused: boolean): Promise<string> => {
    if (isRefused) await secrets.reread(ref, signal);
    return (await secrets.read(ref, signal)).reveal();
  };
  if ('federation' in auth)
    return async (waiting) => {
      const { requestFederatedToken } = await import('./federation.ts');
      return await requestFederatedToken(auth.federation, scope, ports, waiting);
    };
  if ('serviceAccountKey' in auth)
    return async (waiting, isRefused) => {
      const { requestKeyToken, parseKeyFile } = await import('./service-account.ts');
      const ref = auth.serviceAccountKey;
      const account = parseKeyFile(await read(ref, waiting, isRefused), describeSecretRef(ref), ports);
      return await requestKeyToken(account, scope, ports, waiting);
    };
  // Its end is not known, and reading it again costs nothing: the secrets are cached.
  return async (waiting, isRefused) => ({
    value: (await read(auth.bearer, waiting, isRefused)).trim(),
    endsAtMs: clock(),
  });
}
