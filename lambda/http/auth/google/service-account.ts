/** Gets tokens with the key of a service account, which signs a statement that Google exchanges for a token. */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import * as z from 'zod';
import { tryParseJson } from '../../../model/text/try-parse-json.ts';
import { isTlsOrAllowed } from '../../plaintext.ts';
import { type AccessToken, requestToken, type TokenPorts, createUnavailableError, type Waiting } from './token.ts';

/** What of a key file is used; Google writes more into it. */
const KeyFile = z.object({
  client_email: z.string().min(3),
  private_key: z.string().min(1),
  private_key_id: z.string().min(1).optional(),
  token_uri: z.url().default('https://oauth2.googleapis.com/token'),
});

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** Google Identity, OAuth 2.0 for server to server applications: an hour is the most that may be asked for. */
const statementSeconds = 3600;

export interface ServiceAccountKey {
  readonly email: string;
  readonly keyId: string | undefined;
  readonly key: KeyObject;
  readonly tokenUrl: URL;
}

/**
 * Reads the text of a key file, as `gcloud iam service-accounts keys create` writes it. @throws SecretUnavailableError
 * @param origin Where the text is from, for messages.
 */
export function parseKeyFile(
  text: string,
  origin: string,
  { rememberSecret }: Pick<TokenPorts, 'rememberSecret'>,
): ServiceAccountKey {
  const { success, data } = KeyFile.safeParse(tryParseJson(text));
  if (!success)
    throw createUnavailableError(
      `${origin} is no key file of a service account: a JSON object with client_email and private_key; store the whole file that gcloud wrote`,
    );
  rememberSecret(data.private_key);
  // A statement that is signed is as good as a token for an hour.
  if (!isTlsOrAllowed({ url: data.token_uri, plaintext: 'refuse' }))
    throw createUnavailableError(`${origin} names a token_uri without TLS; store the file as gcloud wrote it`);
  return {
    email: data.client_email,
    keyId: data.private_key_id,
    key: parsePrivateKey(data.private_key, origin),
    tokenUrl: new URL(data.token_uri),
  };
}

/** RFC 7523, section 2.1. @throws SecretUnavailableError, HttpError */
export async function requestKeyToken(
  account: ServiceAccountKey,
  scope: string,
  ports: TokenPorts,
  waiting: Waiting,
): Promise<AccessToken> {
  const { clock, rememberSecret } = ports;
  const assertion = signStatement(account, scope, clock());
  rememberSecret(assertion);
  const parameters = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion,
  });
  const answer = await requestToken(
    {
      url: account.tokenUrl,
      contentType: 'application/x-www-form-urlencoded',
      body: parameters.toString(),
      what: `a token of ${account.email}`,
      remedy: 'check that the service account is enabled and that its key still exists; create another key if not',
    },
    ports,
    waiting,
  );
  const { success, data } = Answer.safeParse(tryParseJson(Buffer.from(answer.body).toString('utf8')));
  if (!success)
    throw createUnavailableError(
      `the answer of ${account.tokenUrl.host} to a question for a token of ${account.email} holds none; check token_uri in the key file`,
    );
  rememberSecret(data.access_token);
  return { value: data.access_token, endsAtMs: clock() + data.expires_in * 1000 };
}

/** A JSON Web Token signed with RS256 (RFC 7515, RFC 7518 section 3.3). */
function signStatement({ email, keyId, key, tokenUrl }: ServiceAccountKey, scope: string, nowMs: number): string {
  const nowSeconds = Math.floor(nowMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = { iss: email, scope, aud: tokenUrl.href, iat: nowSeconds, exp: nowSeconds + statementSeconds };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function parsePrivateKey(pem: string, origin: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The reason of the parser may quote the key.
    throw createUnavailableError(
      `the private_key in ${origin} is no private key in PEM; store the file as gcloud wrote it`,
    );
  }
}
