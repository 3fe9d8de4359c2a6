/** Google Cloud on loopback: its token services and Cloud Monitoring, as strict as their references say. */
import { createHash, type KeyObject, verify } from 'node:crypto';
import * as z from 'zod';
import { type LoopbackServer, type RecordedRequest, startLoopbackServer } from '../network/loopback-server.ts';
import { callerKey } from '../aws/sts-fake.ts';
import { startMonitoring, type Monitoring, type StoredPoint } from './google-monitoring-fake.ts';
import { sigV4Fault } from '../aws/verify-sigv4.ts';

export const provider = 'projects/123456789/locations/global/workloadIdentityPools/aws-pool/providers/collector';
export const serviceAccount = 'ci-metrics@acme-ci.iam.gserviceaccount.com';
export const project = 'acme-ci';

const monitoringScope = 'https://www.googleapis.com/auth/monitoring.write';
const anyScope = 'https://www.googleapis.com/auth/cloud-platform';

export interface GoogleFakeOptions {
  readonly clock: () => number;
  /** Of the AWS STS that a subject token has to name. */
  readonly region?: string;
  /** Public half of the key of the service account. */
  readonly publicKey?: KeyObject;
  readonly tokenSeconds?: number;
  /** Sends another answer in place of the usual one, or none ever. */
  readonly answer?: (
    request: RecordedRequest,
  ) => { readonly status: number; readonly body: string } | 'silence' | undefined;
}

export interface GoogleFake extends LoopbackServer {
  /** Takes back every token that was given out. */
  readonly revokeTokens: () => void;
  readonly monitoring: Monitoring;
  readonly stored: () => readonly StoredPoint[];
  readonly asked: (path: RegExp) => number;
  /** As `gcloud auth print-access-token` does. */
  readonly issueToken: (scope: string) => string;
  /** What another API of Google answers to a request whose token is not good for any of these scopes. */
  readonly refusal: (request: Pick<RecordedRequest, 'headers'>, scopes: readonly string[]) => Refusal | undefined;
}

interface Refusal {
  readonly status: number;
  readonly name: string;
  readonly says: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Token {
  readonly scope: string;
  readonly endsAtMs: number;
}

export async function startGoogleFake(options: GoogleFakeOptions): Promise<GoogleFake> {
  const tokens = new Map<string, Token>();
  let made = 0;
  const monitoring = startMonitoring(project, options.clock);
  const issue = (kind: string, scope: string): string => {
    made += 1;
    const value = `ya29.${kind}-token-${String(made)}`;
    tokens.set(value, { scope, endsAtMs: options.clock() + (options.tokenSeconds ?? 3600) * 1000 });
    return value;
  };
  const server = await startLoopbackServer((_request, response, recorded) => {
    const special = options.answer?.(recorded);
    if (special === 'silence') return;
    const { status, body } = special ?? answerTo(recorded, { options, tokens, issue, monitoring });
    response
      .writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return {
    ...server,
    revokeTokens: () => {
      tokens.clear();
    },
    monitoring,
    stored: monitoring.stored,
    issueToken: (scope) => issue('given', scope),
    refusal: (request, scopes) => refusalOf(request, { tokens, options }, scopes),
    asked: (path) => server.requests.filter((request) => path.test(request.path)).length,
  };
}

interface Context {
  readonly options: GoogleFakeOptions;
  readonly tokens: ReadonlyMap<string, Token>;
  readonly issue: (kind: string, scope: string) => string;
  readonly monitoring: Monitoring;
}

function answerTo(request: RecordedRequest, context: Context): Answer {
  if (request.method !== 'POST') return failure(405, 'UNIMPLEMENTED', 'method');
  if (request.path === '/v1/token') return exchange(request, context);
  if (request.path === '/token') return redeemStatement(request, context);
  if (request.path.includes('generateAccessToken')) return impersonate(request, context);
  const fault = tokenFault(request, context, [monitoringScope, anyScope]);
  return fault ?? context.monitoring.answerTo(request);
}

function failure(status: number, name: string, message: string, details: readonly unknown[] = []): Answer {
  return {
    status,
    body: { error: { code: status, message, status: name, ...(details.length > 0 ? { details } : {}) } },
  };
}

function oauthFailure(error: string, description: string): Answer {
  return { status: 400, body: { error, error_description: description } };
}

function tokenFault(request: RecordedRequest, context: Context, scopes: readonly string[]): Answer | undefined {
  const refusal = refusalOf(request, context, scopes);
  return refusal === undefined ? undefined : failure(refusal.status, refusal.name, refusal.says);
}

function refusalOf(
  { headers }: Pick<RecordedRequest, 'headers'>,
  { tokens, options }: Pick<Context, 'tokens' | 'options'>,
  scopes: readonly string[],
): Refusal | undefined {
  const token = tokens.get(/^Bearer (\S+)$/.exec(headers['authorization'] ?? '')?.[1] ?? '');
  if (token === undefined || token.endsAtMs <= options.clock())
    return { status: 401, name: 'UNAUTHENTICATED', says: 'Request had invalid authentication credentials.' };
  if (scopes.includes(token.scope)) return undefined;
  return { status: 403, name: 'PERMISSION_DENIED', says: 'Request had insufficient authentication scopes.' };
}

function formOf({ headers, body }: RecordedRequest): URLSearchParams | undefined {
  const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
  return isForm ? new URLSearchParams(body.toString('utf8')) : undefined;
}

const Subject = z.strictObject({
  url: z.string(),
  method: z.literal('POST'),
  headers: z.array(z.strictObject({ key: z.string(), value: z.string() })),
});

/** Asks AWS in the stead of the caller; only what it was given counts, so a header that is not sent cannot be signed. */
function exchange(request: RecordedRequest, { options, issue }: Context): Answer {
  const form = formOf(request);
  const expected = {
    audience: `//iam.googleapis.com/${provider}`,
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
  };
  for (const [name, value] of Object.entries(expected))
    if (form?.get(name) !== value) return oauthFailure('invalid_request', `Invalid value for "${name}".`);
  const fault = subjectFault(form?.get('subject_token') ?? '', options);
  if (fault !== undefined) return oauthFailure('invalid_grant', fault);
  return {
    status: 200,
    body: {
      access_token: issue('federated', form?.get('scope') ?? ''),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: options.tokenSeconds ?? 3600,
    },
  };
}

function subjectFault(subjectToken: string, { region = 'eu-west-1' }: GoogleFakeOptions): string | undefined {
  const { url, headers: list } = Subject.parse(JSON.parse(decodeURIComponent(subjectToken)));
  const headers = Object.fromEntries(list.map(({ key, value }) => [key.toLowerCase(), value]));
  if (url !== `https://sts.${region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15`)
    return 'The URL is not a GetCallerIdentity of AWS.';
  const known = ['authorization', 'host', 'x-amz-date', 'x-amz-security-token', 'x-goog-cloud-target-resource'];
  const foreign = Object.keys(headers).filter((name) => !known.includes(name));
  if (foreign.length > 0) return `Unexpected headers ${foreign.join()}.`;
  if (headers['host'] !== new URL(url).host) return 'The host is not that of the URL.';
  if (headers['x-goog-cloud-target-resource'] !== `//iam.googleapis.com/${provider}`)
    return 'The signed audience is another one.';
  if (!/SignedHeaders=[^,]*x-goog-cloud-target-resource/.test(headers['authorization'] ?? ''))
    return 'The audience is not signed.';
  if (headers['x-amz-security-token'] !== callerKey.sessionToken) return 'The session token is missing.';
  const body = Buffer.alloc(0);
  // AWS takes the hash from the body where no header tells it.
  const hashed = { ...headers, 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') };
  const target = `/${new URL(url).search}`;
  return sigV4Fault({ method: 'POST', target, headers: hashed, body }, callerKey, { region, service: 'sts' });
}

const Impersonation = z.strictObject({ scope: z.array(z.string()).min(1) });

function impersonate(request: RecordedRequest, context: Context): Answer {
  const fault = tokenFault(request, context, [anyScope]);
  if (fault !== undefined) return fault;
  const path = `/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
  if (decodeURIComponent(request.path) !== path)
    return failure(403, 'PERMISSION_DENIED', "Permission 'iam.serviceAccounts.getAccessToken' denied on resource.");
  const { scope } = Impersonation.parse(JSON.parse(request.body.toString('utf8')));
  const { clock, tokenSeconds = 3600 } = context.options;
  const expireTime = new Date(clock() + tokenSeconds * 1000).toISOString();
  return { status: 200, body: { accessToken: context.issue('impersonated', scope.join(' ')), expireTime } };
}

const Header = z.strictObject({ alg: z.literal('RS256'), typ: z.literal('JWT'), kid: z.string() });
const Claims = z.strictObject({
  iss: z.literal(serviceAccount),
  scope: z.string(),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
});

function redeemStatement(request: RecordedRequest, { options, issue }: Context): Answer {
  const form = formOf(request);
  if (form?.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    return oauthFailure('unsupported_grant_type', 'Invalid grant_type');
  const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const isSigned =
    options.publicKey !== undefined &&
    verify('sha256', Buffer.from(`${header}.${claims}`), options.publicKey, Buffer.from(signature, 'base64url'));
  if (!isSigned) return oauthFailure('invalid_grant', 'Invalid JWT Signature.');
  Header.parse(decoded(header));
  const { scope, aud, iat, exp } = Claims.parse(decoded(claims));
  const nowSeconds = options.clock() / 1000;
  if (!aud.endsWith('/token')) return oauthFailure('invalid_grant', 'Invalid JWT audience.');
  if (Math.abs(nowSeconds - iat) > 300 || exp <= nowSeconds || exp - iat > 3600)
    return oauthFailure('invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes).');
  const expires = options.tokenSeconds ?? 3600;
  return { status: 200, body: { access_token: issue('key', scope), expires_in: expires, token_type: 'Bearer' } };
}

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
}
