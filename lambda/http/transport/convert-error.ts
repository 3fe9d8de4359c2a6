/** Turns whatever ended an attempt into an error of the HTTP port. */
import { ForbiddenAddressError } from './address.ts';
import {
  BadResponseError,
  ForbiddenRequestError,
  HttpConnectionError,
  HttpError,
  HttpTimeoutError,
  NotHttpError,
} from '../errors/errors.ts';
import { findConnectionCode } from '../errors/connection-reasons.ts';
import { isInterruption } from '../../runtime/abort.ts';
import type { Timeouts } from './limits.ts';
import { checkAddress } from '../where.ts';

/** What to do about an answer that does not come. */
const slow = 'look why the server is slow, and at the network on the way to it';

/** Why an attempt may have ended: the signal of the run, or the cap of the attempt itself. */
export interface AttemptSignals {
  readonly run: AbortSignal;
  readonly attempt: AbortSignal;
}

/** Turns whatever ended an attempt into an error of the port; the original is kept as its cause. */
export function convertToHttpError(
  error: unknown,
  where: string,
  signals: AttemptSignals,
  timeouts: Timeouts,
): HttpError {
  if (error instanceof HttpError) return error;
  // undici rejects with the signal's reason, whatever that is, so the signals decide.
  if (signals.run.aborted) return createDeadlineError(where, signals.run);
  if (signals.attempt.aborted) {
    return new HttpTimeoutError(where, `no complete answer within ${formatSeconds(timeouts.attemptMs)}; ${slow}`);
  }
  if (error instanceof ForbiddenAddressError) {
    return new ForbiddenRequestError(where, `nothing is sent there: ${error.message}; check the host of the URL`);
  }
  // Without its cause, which quotes the answer.
  if (isParserError(error)) return new NotHttpError(where, 'the answer is not HTTP; check scheme and port of the URL');
  if (isUninvited(error)) return new BadResponseError(where, uninvited);
  return convertByCode(findErrorCode(error), error, where, timeouts);
}

export function createDeadlineError(where: string, { reason }: Pick<AbortSignal, 'reason'>): HttpTimeoutError {
  if (isInterruption(reason))
    return new HttpTimeoutError(where, 'interrupted before the answer was complete; start the run again');
  return new HttpTimeoutError(
    where,
    `no complete answer before the deadline of the run; raise the function timeout, or ${slow}`,
  );
}

function convertByCode(code: string, error: unknown, where: string, timeouts: Timeouts): HttpError {
  const cause = { cause: error };
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
      return new HttpTimeoutError(where, `no answer within ${formatSeconds(timeouts.headersMs)}; ${slow}`, cause);
    case 'UND_ERR_BODY_TIMEOUT':
      return new HttpTimeoutError(where, `the answer stalled for ${formatSeconds(timeouts.bodyMs)}; ${slow}`, cause);
    case 'UND_ERR_INVALID_ARG':
      return new ForbiddenRequestError(
        where,
        'the request has a header or path that HTTP does not allow; look in the secrets for a line break, and for a character that is none of Latin-1',
        cause,
      );
    case 'UND_ERR_HEADERS_OVERFLOW':
      return new BadResponseError(where, `the headers of the answer are too large; ${checkAddress}`, cause);
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return new BadResponseError(where, `the answer is shorter or longer than it says; ${checkAddress}`, cause);
  }
  return new HttpConnectionError(where, code, cause);
}

/** undici's class for it is in a module of its own, and its code is not always set. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError';
}

const uninvited = `the server answered 100 or 101 before its answer, which was not asked for and is not taken; ${checkAddress}`;

/** undici ends the connection where a server says to go on, or changes the protocol, without having been asked to. */
function isUninvited(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^bad (response|upgrade)$/.test(error.message) &&
    findErrorCode(error) === 'UND_ERR_SOCKET'
  );
}

/** Node's or OpenSSL's code; a proxy's refusal, for which undici has none, is `PROXY_407` and the like. */
function findErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const status = /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((407)\)/.exec(error.message);
  const proxyStatus = status?.[1] ?? status?.[2];
  if (proxyStatus !== undefined) return `PROXY_${proxyStatus}`;
  return findConnectionCode(error) ?? 'UNKNOWN';
}

function formatSeconds(ms: number): string {
  return `${String(ms / 1000)} s`;
}
