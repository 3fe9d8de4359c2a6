/** Turns an error of the HTTP layer into a problem with a remedy. */
import type { Problem, ProblemKind } from '../../model/problem.ts';
import { explainRunEnd } from '../../runtime/abort.ts';
import { SecretUnavailableError } from '../../secrets/secrets.ts';
import {
  BadResponseError,
  ForbiddenRequestError,
  HttpConnectionError,
  HttpError,
  HttpStatusError,
  HttpTimeoutError,
} from './errors.ts';
import { explainConnection, refusedByProxy } from './connection-reasons.ts';
import { mapStatusKind } from './status-kind.ts';

/** What a status means for this server, such as the scope that a token lacks at 403. */
export type StatusHints = Partial<Readonly<Record<number, string>>>;

/**
 * The problem that an error of the HTTP layer is. Undefined for every other error: that is a bug, and the caller throws
 * it on.
 * @param where Which part of the collector asked, such as `buildkite/main`; the request is added to it.
 * @param words Whether the server's own reason is repeated, for servers that tell why they refuse what they were sent.
 */
export function describeHttpProblem(
  error: unknown,
  where: string,
  hints: StatusHints = {},
  words: 'omit' | 'quote' = 'omit',
): Problem | undefined {
  if (error instanceof SecretUnavailableError) return { kind: mapSecretKind(error), where, message: error.message };
  if (error instanceof HttpError)
    return { where: `${where} ${error.where}`, ...describeCause(error, { hints, words }) };
  if (!isAbort(error)) return undefined;
  const { event, remedy } = explainRunEnd({ reason: findAbortReason(error) });
  return { kind: 'timeout', where, message: `did not end before ${event}; ${remedy}` };
}

/** A store that is down for a moment is no matter of rights. */
function mapSecretKind({ reason }: SecretUnavailableError): Problem['kind'] {
  if (reason === 'aborted') return 'timeout';
  if (reason === 'no-region') return 'configuration';
  return reason === 'unavailable' ? 'unavailable' : 'auth';
}

type Cause = Omit<Problem, 'where'>;

interface Telling {
  readonly hints: StatusHints;
  readonly words: 'omit' | 'quote';
}

function describeCause(error: HttpError, telling: Telling): Cause {
  if (error instanceof HttpStatusError) return describeStatus(error, telling);
  if (error instanceof HttpConnectionError) {
    const { kind, reason } = explainConnection(error.code);
    return { kind, message: `${reason} (${error.code})` };
  }
  // The message of these begins with `where`, which the problem tells apart.
  const message = error.message.slice(error.where.length + 2);
  if (error instanceof HttpTimeoutError) return { kind: 'timeout', message };
  if (error instanceof ForbiddenRequestError) return { kind: 'configuration', message };
  if (error instanceof BadResponseError) return { kind: 'bad-response', message };
  return { kind: 'unavailable', message };
}

function describeStatus({ status, retryAtMs, excerpt }: HttpStatusError, { hints, words }: Telling): Cause {
  // GitHub and its like answer an exhausted rate limit with 403 and the time of the next attempt.
  const meant = status === 403 && retryAtMs !== undefined ? 429 : status;
  const kind = mapStatusKind(meant);
  const said = words === 'quote' && excerpt !== '' ? ` "${excerpt}"` : '';
  const hint = hints[status] ?? usualHints[meant] ?? hintsByKind[kind] ?? unexpectedHint;
  const message = `answered ${String(status)}${said}: ${hint}`;
  return retryAtMs === undefined ? { kind, message } : { kind, message, retryAtMs };
}

const usualHints: StatusHints = {
  401: 'the credentials are wrong, expired or revoked; put valid ones into the secret',
  403: 'the credentials lack a permission; grant it to the key, user or role in use',
  407: refusedByProxy,
};

const unexpectedHint = 'this status was not expected; check the URL, and proxies on the way';

/** Only the kinds that a status may be of. */
const hintsByKind: Partial<Readonly<Record<ProblemKind, string>>> = {
  'rate-limited': 'too many requests; raise the interval or the quota',
  configuration: 'the server knows no such path; check the URL',
  unavailable: 'the server has a fault of its own; look at its status page or log if it lasts',
  rejected: 'the server refused the request; check the URL and the settings beside it',
  'bad-response': unexpectedHint,
};

/** What timers and the AWS SDK throw when the deadline's signal aborts. */
function isAbort(error: unknown): error is Error {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** Timers of Node name the signal's reason as the cause of their own error. */
function findAbortReason(error: Error): unknown {
  return error.cause ?? error;
}
