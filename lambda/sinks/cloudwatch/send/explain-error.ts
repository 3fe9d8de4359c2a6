/** Says why a request was not stored, what became of it, and what to do about it. */
import { explainConnection, findConnectionCode, isNeverSentCode } from '../../../http/errors/connection-reasons.ts';
import { HttpError } from '../../../http/errors/errors.ts';
import type { ProblemKind } from '../../../model/problem.ts';
import { SecretUnavailableError } from '../../../secrets/secrets.ts';

/** Why a request was not stored, with what its problem will say. */
export interface SendProblem {
  readonly kind: ProblemKind;
  /** Equal for equal causes, so that many requests that fail alike are one problem. */
  readonly cause: string;
  readonly reason: string;
  readonly remedy: string;
  /** True when the request was refused for what is in it, so that a part of it may be good. */
  readonly isForContent: boolean;
  /** What became of the request: `not taken` may be sent again as it is, `refused` would be refused again. */
  readonly fate: 'not taken' | 'refused' | 'unknown';
  /** Positions of the datums that a refusal for content names, from 0; empty where it names none. */
  readonly named?: readonly number[];
}

/** AWS sends throttling as 400 with one of these names (CloudWatch API reference, Common errors). */
const throttled: ReadonlySet<string> = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TooManyRequestsException',
]);

/** AWS answers some of its refusals of credentials with 400 (CloudWatch API reference, Common errors). */
const unauthorised: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidClientTokenIdException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'UnrecognizedClientException',
]);

/** Long enough for the ARN of a role and an action. */
const maxDetailLength = 300;

/**
 * By status, because a name is unreliable: an answer that is not JSON comes as a SyntaxError, and 413 as `Unknown`.
 * Names only tell the kinds of 400 apart, and what happened where there was no answer.
 */
export function explainError(error: unknown, namespace: string): SendProblem {
  if (error instanceof SecretUnavailableError || error instanceof HttpError) return explainRoleError(error);
  const details = extractDetails(error);
  const { name, detail, said, status } = details;
  if (status === undefined) return explainMissingAnswer(details, namespace);
  if (status === 429 || throttled.has(name)) return explainThrottling(said);
  if (status === 401 || status === 403 || unauthorised.has(name)) return explainRefusedAccess(name, detail, namespace);
  return explainStatus(details, status);
}

function explainStatus({ name, code, detail, said, named }: ErrorDetails, status: number): SendProblem {
  if (status >= 500) return explainServerError(status, said);
  if (status === 413) return explainTooLarge(said);
  if (status === 400) return explainRefusedContent(status, name, detail, named);
  if (status >= 400) return explainWrongAddress(status, said);
  if (code !== undefined) return explainNoAnswer(code);
  return explainStrangeAnswer({ name, said }, status);
}

/** The role of the sink could not be taken on, so nothing was sent; the error names its own remedy. */
function explainRoleError(error: SecretUnavailableError | HttpError): SendProblem {
  return {
    kind: error instanceof HttpError ? 'unavailable' : 'auth',
    cause: error.name,
    reason: error.message,
    remedy: 'nothing was sent, and the next run tries again',
    isForContent: false,
    fate: 'not taken',
  };
}

function explainMissingAnswer({ name, code, detail }: ErrorDetails, namespace: string): SendProblem {
  if (name === 'CredentialsProviderError') return explainRefusedAccess(name, detail, namespace);
  return code !== undefined || name === 'TimeoutError'
    ? explainNoAnswer(code ?? name)
    : explainUnknownError(name, detail);
}

/** The server's own words in brackets, behind what it did. */
function quote(said: string): string {
  return said === '' ? '' : ` (${said})`;
}

function explainThrottling(said: string): SendProblem {
  return {
    kind: 'rate-limited',
    cause: 'throttled',
    reason: `CloudWatch throttled the request${quote(said)}, retries included`,
    remedy: 'another program of this account uses up PutMetricData; raise its quota in Service Quotas or send less',
    isForContent: false,
    fate: 'not taken',
  };
}

/** Cause of a request that was refused for its size, whatever is in it. */
export const tooLargeCause = '413';

function explainTooLarge(said: string): SendProblem {
  return {
    kind: 'rejected',
    cause: tooLargeCause,
    reason: `the server answered 413${quote(said)}: too large, though the request is within the 1 MB that CloudWatch takes`,
    remedy:
      'a proxy or gateway on the way takes smaller bodies; raise its limit, and check AWS_ENDPOINT_URL_CLOUDWATCH',
    isForContent: true,
    fate: 'refused',
  };
}

function explainRefusedAccess(name: string, detail: string, namespace: string): SendProblem {
  return {
    kind: 'auth',
    cause: `auth ${name}`,
    reason: `AWS refused the credentials (${detail})`,
    remedy: `allow cloudwatch:PutMetricData with the condition cloudwatch:namespace = ${namespace} for the role that runs the collector`,
    isForContent: false,
    fate: 'not taken',
  };
}

function explainServerError(status: number, said: string): SendProblem {
  return {
    kind: 'unavailable',
    cause: String(status),
    reason: `CloudWatch answered ${String(status)}${quote(said)}, retries included`,
    remedy: 'the next run sends new values; see the AWS Health Dashboard if it lasts',
    isForContent: false,
    // CloudWatch API reference, PutMetricData, Errors: a 500 is a failure while it worked, a 503 refuses to begin.
    fate: status === 503 ? 'not taken' : 'unknown',
  };
}

function explainRefusedContent(status: number, name: string, detail: string, named: readonly number[]): SendProblem {
  return {
    kind: 'rejected',
    cause: `${String(status)} ${name}`,
    reason: `CloudWatch refused it (${String(status)}, ${detail})`,
    remedy: 'rename it in the CI system, or exclude the metric under `metrics` of this sink, and report the message',
    isForContent: true,
    fate: 'refused',
    named,
  };
}

function explainWrongAddress(status: number, said: string): SendProblem {
  return {
    kind: 'configuration',
    cause: String(status),
    reason: `the server answered ${String(status)}${quote(said)}, which CloudWatch does not`,
    remedy: 'check AWS_ENDPOINT_URL_CLOUDWATCH and proxies on the way',
    isForContent: false,
    fate: 'not taken',
  };
}

/** A success that the SDK could not read, of which nobody knows what was stored, or a redirect. */
function explainStrangeAnswer({ name, said }: Pick<ErrorDetails, 'name' | 'said'>, status: number): SendProblem {
  return {
    kind: 'bad-response',
    cause: `${String(status)} ${name}`,
    reason: `the answer ${String(status)}${quote(said)} is not one of CloudWatch's`,
    remedy: 'check AWS_ENDPOINT_URL_CLOUDWATCH and proxies on the way',
    isForContent: false,
    fate: isRedirect(status) ? 'not taken' : 'unknown',
  };
}

/** RFC 9110, section 15.4: all but 303 say that the request was not done here. */
function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 303;
}

function explainNoAnswer(code: string): SendProblem {
  if (code.startsWith('PROXY_')) return explainProxy(code);
  if (isOfTls(code)) return explainHandshake(code);
  if (code.startsWith('HPE_')) return explainNoHttp(code);
  return {
    kind: 'unavailable',
    cause: code,
    reason: `CloudWatch could not be reached or did not answer (${code})`,
    remedy:
      'check the Region, the DNS and the route to monitoring.<region>.amazonaws.com; in a VPC it needs an endpoint or a NAT',
    isForContent: false,
    fate: isNeverSentCode(code) ? 'not taken' : 'unknown',
  };
}

/** Codes of the parser of HTTP in Node. */
function explainNoHttp(code: string): SendProblem {
  return {
    kind: 'bad-response',
    cause: code,
    reason: `the answer is not HTTP (${code})`,
    remedy: 'check AWS_ENDPOINT_URL_CLOUDWATCH, its scheme and port, and proxies on the way',
    isForContent: false,
    fate: 'unknown',
  };
}

/** The handshake of TLS failed, as behind a proxy that shows a certificate of its own: nothing was sent. */
function isOfTls(code: string): boolean {
  return isNeverSentCode(code) && !plainCodes.has(code);
}

/** What keeps a connection from coming about at all; AWS's own remedies are better for these. */
const plainCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function explainHandshake(code: string): SendProblem {
  const [said = ''] = explainConnection(code).reason.split('; ');
  return {
    kind: 'unavailable',
    cause: code,
    reason: `${said} (${code})`,
    remedy:
      'what answers is not AWS: check AWS_ENDPOINT_URL_CLOUDWATCH; a proxy that looks into TLS has to let CloudWatch pass, or set NODE_EXTRA_CA_CERTS to its certificate',
    isForContent: false,
    fate: 'not taken',
  };
}

/** The way to CloudWatch was never opened. */
function explainProxy(code: string): SendProblem {
  const { kind, reason } = explainConnection(code);
  const [said = reason, ...remedies] = reason.split('; ');
  return {
    kind,
    cause: code,
    reason: `${said} (${code})`,
    remedy: remedies.join('; '),
    isForContent: false,
    fate: 'not taken',
  };
}

function explainUnknownError(name: string, detail: string): SendProblem {
  const isRegion = detail.includes('Region is missing');
  return {
    kind: isRegion ? 'configuration' : 'bug',
    cause: name,
    reason: detail,
    remedy: isRegion ? 'set `region` of this sink or AWS_REGION' : 'please report it',
    isForContent: false,
    fate: isRegion ? 'not taken' : 'unknown',
  };
}

interface ErrorDetails {
  readonly name: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly detail: string;
  /** What the server says of it; empty where it says nothing. */
  readonly said: string;
  readonly named: readonly number[];
}

function extractDetails(error: unknown): ErrorDetails {
  if (!(error instanceof Error))
    return { name: 'Unknown', code: undefined, status: undefined, detail: 'no reason given', said: '', named: [] };
  return {
    name: error.name,
    code: findConnectionCode(error),
    status: findStatus(error),
    detail: formatDetail(error),
    said: formatWords(error),
    named: findNamedPositions(error.message),
  };
}

/**
 * Positions in texts such as `The parameter MetricData.member.2.Unit must be …`, of which CloudWatch writes a line for
 * each datum that it does not want. Not all of its refusals name one.
 */
function findNamedPositions(message: string): readonly number[] {
  const positions = [...message.matchAll(/\bMetricData\.member\.(\d{1,4})\b/g)].map(([, digits]) => Number(digits) - 1);
  return [...new Set(positions)].sort((a, b) => a - b);
}

function findStatus(error: Error): number | undefined {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/** The SDK puts its own name in place of words that are missing, and loses the text of an answer that is not JSON. */
function formatWords(error: Error): string {
  const { name, message } = error;
  if (name === 'SyntaxError') return 'not JSON';
  return message === '' || message === name || message === 'UnknownError' ? '' : formatDetail(error);
}

/** The first line only: what AWS appends to a refused signature repeats the request's headers, a session token included. */
function formatDetail({ name, message }: Error): string {
  const [line = ''] = message.split('\n');
  return `${name}: ${line.slice(0, maxDetailLength).toWellFormed()}`;
}
