/** AWS Security Token Service on loopback: AssumeRole alone, with its signature, its XML and its refusals. */
import { type LoopbackServer, startLoopbackServer } from '../network/loopback-server.ts';
import { type KnownKey, sigV4Fault } from './verify-sigv4.ts';

/** The key that may assume roles; its form is that of AWS's own examples. */
export const callerKey: KnownKey & { readonly sessionToken: string } = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI',
  sessionToken: 'session-of-the-function',
};

export const trustedRole = 'arn:aws:iam::222233334444:role/metrics';

export interface StsFakeOptions {
  readonly region: string;
  /** What the trust policy of the role asks for. */
  readonly externalId?: string;
  readonly clock: () => number;
  readonly sessionMs?: number;
  /** Sends another answer in place of the usual one. */
  readonly answer?: () => { readonly status: number; readonly body: string } | undefined;
}

/** Each session has a key of its own: `ASIA0`, `ASIA1`, … */
export async function startStsFake(options: StsFakeOptions): Promise<LoopbackServer> {
  let sessions = 0;
  return await startLoopbackServer((request, response, { body, headers, path, method }) => {
    const parameters = new URLSearchParams(body.toString('utf8'));
    const fault = sigV4Fault({ method, target: path, headers, body }, callerKey, {
      region: options.region,
      service: 'sts',
    });
    const special = options.answer?.();
    const answer =
      special ??
      (fault === undefined ? decide(parameters, options, sessions) : refuse(403, 'SignatureDoesNotMatch', fault));
    if (answer.status === 200) sessions += 1;
    response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body);
  });
}

function decide(parameters: URLSearchParams, options: StsFakeOptions, session: number) {
  if (parameters.get('Action') !== 'AssumeRole' || parameters.get('Version') !== '2011-06-15')
    return refuse(400, 'InvalidAction', 'Could not find operation');
  if (!/^[\w+=,.@-]{2,64}$/.test(parameters.get('RoleSessionName') ?? ''))
    return refuse(400, 'ValidationError', 'roleSessionName failed to satisfy constraint');
  const isTrusted =
    parameters.get('RoleArn') === trustedRole && parameters.get('ExternalId') === (options.externalId ?? null);
  if (!isTrusted) return refuse(403, 'AccessDenied', 'User is not authorized to perform: sts:AssumeRole');
  const expiration = new Date(options.clock() + (options.sessionMs ?? 3_600_000)).toISOString();
  const key = `<AccessKeyId>ASIA${String(session)}</AccessKeyId><SecretAccessKey>secret-of-session-${String(session)}</SecretAccessKey>`;
  const token = `<SessionToken>token-of-session-${String(session)}==</SessionToken><Expiration>${expiration}</Expiration>`;
  const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${key}${token}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  return { status: 200, body };
}

function refuse(status: number, code: string, message: string) {
  const body = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return { status, body };
}
