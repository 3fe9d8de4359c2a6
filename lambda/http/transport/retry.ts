/** The one rule for retries: what is worth another attempt, and how long to wait before it. */
import type { Clock } from '../../runtime/clock.ts';
import { isNeverSentCode, isPassingCode } from '../errors/connection-reasons.ts';
import { HttpConnectionError, HttpStatusError, HttpTimeoutError } from '../errors/errors.ts';
import type { HttpRequest } from '../port.ts';

/** The first attempt and three more: 1.05 s of waiting on average unless the server asks for more. */
export const maxAttempts = 4;

/** The bound of the first wait, which doubles from try to try. */
const firstWaitMs = 200;
export const longestWaitMs = 5_000;

/**
 * The server may do better soon: the one rule for every source. 429, 502, 503 and 504 say so. A 500 is most often a
 * fault that passes (a worker that was restarted, a database that failed over), and a second request gets figures
 * instead of a gap; four attempts within the deadline cost a server that stays broken little. 501 and 505 stay as they
 * are. A sink whose protocol asks for more names it by `retryStatuses`.
 */
const passingStatuses: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * A wait before attempt `attempt + 1`: exponential backoff, of which half is certain, so that no wait is shorter than
 * the one before, and half is random, which spreads the collectors of many teams after an outage.
 */
export function computeBackoff(attempt: number, { random, firstWaitMs: first = firstWaitMs }: BackoffOptions): number {
  return (0.5 + random() / 2) * Math.min(longestWaitMs, first * 2 ** attempt);
}

export interface BackoffOptions {
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
  /** Bound of the first wait; default: one that suits a server on the internet. Milliseconds. */
  readonly firstWaitMs?: number | undefined;
}

/** How long to wait before the next attempt; undefined when there is none. */
export function waitBeforeRetry(
  error: unknown,
  request: Pick<HttpRequest, keyof Repeatable | 'signal' | 'remainingMs'>,
  attempt: number,
  { clock, ...backoff }: BackoffOptions & { readonly clock: Clock },
): number | undefined {
  if (request.signal.aborted || attempt + 1 >= maxAttempts || !isPassing(error, request)) return undefined;
  const retryAtMs = error instanceof HttpStatusError ? error.retryAtMs : undefined;
  // The server's own time replaces the backoff; the jitter on top keeps its clients from coming all at once.
  const waitMs =
    retryAtMs === undefined
      ? computeBackoff(attempt, backoff)
      : Math.max(0, retryAtMs - clock()) + backoff.random() * (backoff.firstWaitMs ?? firstWaitMs);
  return waitMs < request.remainingMs() ? waitMs : undefined;
}

/** Whether no connection came about, or its handshake failed, so that the server has seen nothing of the request. */
export function isNeverSent(error: unknown): error is HttpConnectionError {
  return error instanceof HttpConnectionError && isNeverSentCode(error.code);
}

function isOneOf(error: unknown, statuses: readonly number[] = []): boolean {
  return error instanceof HttpStatusError && statuses.includes(error.status);
}

type Repeatable = Pick<HttpRequest, 'method' | 'idempotent' | 'retryStatuses' | 'undoneStatuses' | 'finalStatuses'>;

function isPassing(error: unknown, request: Repeatable): boolean {
  if (isNeverSent(error)) return isPassingCode(error.code);
  if (isOneOf(error, request.undoneStatuses)) return true;
  if (isOneOf(error, request.finalStatuses)) return false;
  if (!(request.idempotent ?? request.method !== 'POST')) return false;
  if (error instanceof HttpConnectionError) return isPassingCode(error.code);
  if (error instanceof HttpTimeoutError) return true;
  return isAnswerThatPasses(error, request);
}

function isAnswerThatPasses(error: unknown, { retryStatuses }: Pick<HttpRequest, 'retryStatuses'>): boolean {
  if (!(error instanceof HttpStatusError)) return false;
  return passingStatuses.has(error.status) || isOneOf(error, retryStatuses);
}
