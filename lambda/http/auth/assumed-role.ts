/** Takes on roles of other accounts by STS AssumeRole, and keeps each session until shortly before it ends. */
import type { Clock } from '../../runtime/clock.ts';
import { createDeadline } from '../../runtime/deadline.ts';
import type { AssumedRole, AwsCredentials } from './aws-credentials.ts';
import { HttpStatusError } from '../errors/errors.ts';
import type { HttpPort, HttpResponse } from '../port.ts';
import { SecretUnavailableError } from '../../secrets/secrets.ts';
import { minuteMs } from '../../model/time.ts';

export interface RoleSessionOptions {
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Region whose STS is asked. */
  readonly region: string;
  /** Another address of STS, as the AWS SDK reads it from AWS_ENDPOINT_URL_STS. */
  readonly endpoint?: string | undefined;
  /** Seen in the other account's CloudTrail. */
  readonly sessionName: string;
  /** Of the process, which takes on the role. */
  readonly credentials: () => Promise<AwsCredentials>;
  /** Told every secret value of a session before it is used. */
  readonly rememberSecret: (value: string) => void;
}

/** The margin of the AWS SDK: a request that is signed now is still valid when it arrives after retries. */
const renewBeforeMs = 5 * minuteMs;

/** STS API reference, AssumeRole, `DurationSeconds`: the default, and the most that a chained role gets. */
const sessionSeconds = 3600;

/** STS answers in well under a second; beyond this the run has better uses for its time. */
const answerWithinMs = 5000;

interface Session {
  readonly credentials: Promise<AwsCredentials>;
  renewAtMs: number;
}

/** Keeps one session for each role, shared by concurrent callers. @throws SecretUnavailableError, HttpError */
export function createRoleSessions(options: RoleSessionOptions): (role: AssumedRole) => Promise<AwsCredentials> {
  const sessions = new Map<string, Session>();
  return async (role) => {
    const key = JSON.stringify([role.roleArn, role.externalId]);
    const known = sessions.get(key);
    if (known !== undefined && options.clock() < known.renewAtMs) return await known.credentials;
    const session: Session = { credentials: assumeRole(role, options), renewAtMs: Number.POSITIVE_INFINITY };
    sessions.set(key, session);
    try {
      const credentials = await session.credentials;
      session.renewAtMs = (credentials.expiration?.getTime() ?? 0) - renewBeforeMs;
      return credentials;
    } catch (error) {
      // The next run asks again; this one is not delayed by each of its requests.
      if (sessions.get(key) === session) sessions.delete(key);
      throw error;
    }
  };
}

async function assumeRole(role: AssumedRole, options: RoleSessionOptions): Promise<AwsCredentials> {
  const { http, clock, rememberSecret } = options;
  using deadline = createDeadline(answerWithinMs, clock);
  const request = await buildRequest(role, options);
  const answer = await http
    .send({ ...request, idempotent: true, signal: deadline.signal, remainingMs: () => deadline.remainingMs() })
    .catch((error: unknown) => {
      throw explainRefusal(role, error);
    });
  const credentials = parseCredentials(answer, role);
  rememberSecret(credentials.secretAccessKey);
  rememberSecret(credentials.sessionToken ?? '');
  return credentials;
}

async function buildRequest({ roleArn, externalId }: AssumedRole, options: RoleSessionOptions) {
  const { region, endpoint, sessionName, credentials, clock } = options;
  // Loaded here, because the signer costs 140 kB that only signed requests need.
  const [{ createSigV4Signer: sigV4 }, { findAwsDomain: domainOf }] = await Promise.all([
    import('./sigv4.ts'),
    import('./eks-token.ts'),
  ]);
  const parameters = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: formatSessionName(sessionName),
    DurationSeconds: String(sessionSeconds),
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  });
  return {
    method: 'POST',
    url: new URL(endpoint ?? `https://sts.${region}.${domainOf(region)}/`),
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', accept: 'text/xml' },
    body: parameters.toString(),
    prepare: sigV4({ service: 'sts', region, clock, credentials: () => credentials() }),
  } as const;
}

/** STS API reference, AssumeRole, `RoleSessionName`: 2 to 64 characters of these. */
function formatSessionName(name: string): string {
  return name
    .replace(/[^\w+=,.@-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-');
}

function parseCredentials({ body }: HttpResponse, { roleArn }: AssumedRole): AwsCredentials {
  const xml = Buffer.from(body).toString('utf8');
  const accessKeyId = findElement(xml, 'AccessKeyId');
  const secretAccessKey = findElement(xml, 'SecretAccessKey');
  const sessionToken = findElement(xml, 'SessionToken');
  const expiration = new Date(findElement(xml, 'Expiration') ?? '');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined)
    throw createUnavailableError(`the answer to assuming ${roleArn} holds no credentials; check AWS_ENDPOINT_URL_STS`);
  if (Number.isNaN(expiration.getTime()))
    throw createUnavailableError(
      `the answer to assuming ${roleArn} does not say when the session ends; check AWS_ENDPOINT_URL_STS`,
    );
  return { accessKeyId, secretAccessKey, sessionToken, expiration };
}

function findElement(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<]+?)\\s*</${name}>`).exec(xml)?.[1];
}

function explainRefusal({ roleArn, externalId }: AssumedRole, error: unknown): unknown {
  if (!(error instanceof HttpStatusError) || error.status >= 500 || error.status === 429) return error;
  const code = findElement(error.excerpt, 'Code') ?? 'no error code';
  const said = findElement(error.excerpt, 'Message');
  const words = said === undefined ? '' : `: ${said}`;
  const withId = externalId === undefined ? '' : ' with this external ID';
  return createUnavailableError(
    `${error.where}: ${roleArn} could not be assumed (${String(error.status)} ${code}${words}); allow sts:AssumeRole on it, and let its trust policy name the role that runs the collector${withId}`,
    error,
  );
}

function createUnavailableError(message: string, cause?: unknown): SecretUnavailableError {
  return new SecretUnavailableError(message, { cause, reason: 'credentials' });
}
