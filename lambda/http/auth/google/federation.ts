/** Gets tokens without any key, by workload identity federation of the function's AWS role. */
import * as z from 'zod';
import type { HttpResponse } from '../../port.ts';
import { type AwsAccess, getAwsCredentials } from '../aws-credentials.ts';
import type { Federation } from './settings.ts';
import {
  type AccessToken,
  requestToken,
  parseAnswerJson,
  type TokenPorts,
  createUnavailableError,
  type Waiting,
} from './token.ts';

export interface FederationPorts extends TokenPorts {
  readonly aws: AwsAccess;
}

/** Google Cloud, STS and IAM: a token of these rights is asked for first where another one is made of it. */
const anyScope = 'https://www.googleapis.com/auth/cloud-platform';

/** A terminal outside AWS has no Region of its own; every STS knows every role of its partition. */
const fallbackRegion = 'us-east-1';

const Exchanged = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

const Impersonated = z.object({ accessToken: z.string().min(1), expireTime: z.iso.datetime({ offset: true }) });

/** @throws SecretUnavailableError, HttpError */
export async function requestFederatedToken(
  federation: Federation,
  scope: string,
  ports: FederationPorts,
  waiting: Waiting,
): Promise<AccessToken> {
  const { serviceAccount } = federation;
  const first = await exchangeIdentity(federation, serviceAccount === undefined ? scope : anyScope, ports, waiting);
  ports.rememberSecret(first.value);
  if (serviceAccount === undefined) return first;
  return await impersonate({ ...federation, serviceAccount }, { scope, token: first.value }, ports, waiting);
}

/** RFC 8693 as Google speaks it. */
async function exchangeIdentity(
  { provider, region, tokenUrl }: Federation,
  scope: string,
  ports: FederationPorts,
  waiting: Waiting,
): Promise<AccessToken> {
  const { aws, clock, rememberSecret } = ports;
  const audience = `//iam.googleapis.com/${provider}`;
  // Loaded here, because the signer costs 140 kB that only this way needs.
  const { signSubjectToken } = await import('./subject-token.ts');
  const subject = await signSubjectToken({
    audience,
    region: region ?? aws.region ?? fallbackRegion,
    clock,
    credentials: () => getAwsCredentials(aws, 'to show to Google Cloud'),
  });
  for (const secret of [subject.value, ...subject.secrets]) rememberSecret(secret);
  const parameters = new URLSearchParams({
    audience,
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    subject_token: subject.value,
  });
  const answer = await requestToken(
    {
      url: new URL(tokenUrl),
      contentType: 'application/x-www-form-urlencoded',
      body: parameters.toString(),
      what: 'the exchange of the AWS role for a token of Google Cloud',
      remedy: `check that the provider ${provider} exists, names this AWS account, and lets the function's role in by its attribute condition`,
    },
    ports,
    waiting,
  );
  const { access_token: value, expires_in: seconds } = parseAnswer(Exchanged, answer, 'auth.federation.tokenUrl');
  return { value, endsAtMs: clock() + seconds * 1000 };
}

async function impersonate(
  { serviceAccount, impersonationUrl }: Federation & { readonly serviceAccount: string },
  { scope, token }: { readonly scope: string; readonly token: string },
  ports: FederationPorts,
  waiting: Waiting,
): Promise<AccessToken> {
  const path = `/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
  const answer = await requestToken(
    {
      url: new URL(path, impersonationUrl),
      contentType: 'application/json',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ scope: [scope] }),
      what: `a token of ${serviceAccount}`,
      remedy:
        "check the address, enable the API iamcredentials.googleapis.com in its project, and grant roles/iam.workloadIdentityUser on it to the function's role",
    },
    ports,
    waiting,
  );
  const { accessToken, expireTime } = parseAnswer(Impersonated, answer, 'auth.federation.impersonationUrl');
  ports.rememberSecret(accessToken);
  return { value: accessToken, endsAtMs: Date.parse(expireTime) };
}

/** The reasons of a schema name no value, but those of a parser quote the text: none of either is kept. */
function parseAnswer<Shape>(shape: z.ZodType<Shape>, answer: HttpResponse, setting: string): Shape {
  try {
    return shape.parse(parseAnswerJson(answer));
  } catch {
    throw createUnavailableError(`the answer to a question for a token of Google Cloud holds none; check ${setting}`);
  }
}
