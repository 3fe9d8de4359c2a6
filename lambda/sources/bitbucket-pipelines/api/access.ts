/** Sends requests with the credential: an access token, an Atlassian API token or an OAuth consumer. */
import * as z from 'zod';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpPort, TlsMaterial } from '../../../http/port.ts';
import { readJson } from '../../../http/answers/json.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { createRenewedCredential, type Renewed } from '../../../http/auth/renewed-credential.ts';
import { useWithRotation } from '../../../http/auth/rotation.ts';
import { type Secret, wrapSecret } from '../../../secrets/secret.ts';
import { describeSecretRef, type SecretRef } from '../../../secrets/secret-ref.ts';
import type { Secrets } from '../../../secrets/secrets.ts';
import type { BitbucketAuth } from '../config.ts';

/** Who the collector is to Bitbucket. */
export interface Access {
  readonly kind: 'access token' | 'Atlassian API token' | 'OAuth consumer';
  /** The place of the secret, for messages. */
  readonly secret: string;
  /** Sends with the credential and, when it is refused (401), once more with a fresh one if there is one. */
  send<Result>(context: SendContext, send: (authorization: Secret) => Promise<Result>): Promise<Result>;
}

export interface SendContext {
  readonly deadline: Deadline;
  readonly tls: TlsMaterial | undefined;
}

export interface AccessPorts {
  readonly http: HttpPort;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

export function createAccess(auth: BitbucketAuth, ports: AccessPorts): Access {
  if ('accessToken' in auth)
    return createStaticAccess('access token', auth.accessToken, ports, (token) => `Bearer ${token}`);
  if ('oauth' in auth) return createOAuthAccess(auth.oauth, ports);
  const { email, token: ref } = auth.apiToken;
  return createStaticAccess('Atlassian API token', ref, ports, (token) => encodeBasic(email, token));
}

function encodeBasic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A secret that was stored from a file or by `echo` ends with a line break that is not part of it. */
function trimSecret(secret: Secret): string {
  return secret.reveal().trim();
}

function createStaticAccess(
  kind: Access['kind'],
  ref: SecretRef,
  { secrets }: AccessPorts,
  header: (token: string) => string,
): Access {
  return {
    kind,
    secret: describeSecretRef(ref),
    send: ({ deadline }, send) =>
      useWithRotation(secrets, ref, deadline.signal, (token) => send(wrapSecret(header(trimSecret(token))))),
  };
}

type OAuthSettings = Extract<BitbucketAuth, { oauth: unknown }>['oauth'];

/** RFC 6749, section 5.1; Bitbucket's tokens live an hour or two, and `expires_in` says how long. */
const TokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().positive().optional().catch(undefined),
});

/** RFC 6749, section 5.2: a wrong client secret may be told by status 400 with one of these words, and Bitbucket does so. */
const refusedClient = /"error"\s*:\s*"(unauthorized_client|invalid_client)"/;

/** So that a refused consumer is read anew and reported like any other refused credential. */
async function translateRefusal<Answer>(request: Promise<Answer>): Promise<Answer> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status !== 400 || !refusedClient.test(error.excerpt)) throw error;
    const { where, headers, excerpt } = error;
    throw new HttpStatusError(where, { status: 401, headers, excerpt });
  }
}

/** What a token lives where the answer does not say: less than any documented life. */
const usualLifeSeconds = 3600;

/** Tokens of client credentials, kept for as long as the process is warm and never stored anywhere. */
function createOAuthAccess({ clientId, clientSecret, tokenUrl }: OAuthSettings, ports: AccessPorts): Access {
  const { http, secrets, clock } = ports;
  const fetchToken = async ({ deadline, tls }: SendContext): Promise<Renewed> => {
    const askedMs = clock();
    const { value } = await useWithRotation(secrets, clientSecret, deadline.signal, (secret) =>
      translateRefusal(
        readJson(
          http,
          {
            method: 'POST',
            url: new URL(tokenUrl),
            headers: {
              authorization: encodeBasic(clientId, trimSecret(secret)),
              'content-type': 'application/x-www-form-urlencoded',
            },
            body: 'grant_type=client_credentials',
            // A token more than is needed does no harm.
            idempotent: true,
            signal: deadline.signal,
            remainingMs: () => deadline.remainingMs(),
            ...(tls === undefined ? {} : { tls }),
          },
          TokenAnswer,
        ),
      ),
    );
    const lifeMs = (value.expires_in ?? usualLifeSeconds) * 1000;
    return { authorization: wrapSecret(`Bearer ${value.access_token}`), askedMs, lifeMs };
  };

  return {
    kind: 'OAuth consumer',
    secret: describeSecretRef(clientSecret),
    send: createRenewedCredential(fetchToken, clock).send,
  };
}
