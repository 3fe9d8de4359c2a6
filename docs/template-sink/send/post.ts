/** Sends one request and finds out what became of it; this is the only file that knows the backend's answers. */
import { withCredentials } from '../../../lambda/http/credentials.ts';
import { HttpConnectionError, HttpError, HttpStatusError } from '../../../lambda/http/errors.ts';
import { problemOf } from '../../../lambda/http/problem.ts';
import { refuseWebPage } from '../../../lambda/http/web-page.ts';
import { whereOf } from '../../../lambda/http/where.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import type { Deadline } from '../../../lambda/runtime/deadline.ts';
import { SecretUnavailableError } from '../../../lambda/secrets/secrets.ts';
import type { SinkPorts } from '../../../lambda/sinks/sink.ts';
import type { ExampleConfig } from '../config.ts';
import { isAddedUp } from '../encode/points.ts';
import type { PointsRequest } from '../encode/requests.ts';

/**
 * `refused`: for what is in it, and would be again; `not taken`: certainly not stored, and may be sent again as it is;
 * `unknown`: the answer was lost, so that nobody knows.
 */
export type Fate =
  { readonly outcome: 'stored' } | { readonly outcome: 'refused' | 'not taken' | 'unknown'; readonly problem: Problem };

export type Post = (request: PointsRequest) => Promise<Fate>;

/** Never rejects but for a bug. */
export function createPost(config: ExampleConfig, { http, secrets }: SinkPorts, deadline: Deadline): Post {
  const url = new URL(config.url);
  const where = `example/${config.name}`;
  return async ({ points, body }) => {
    if (deadline.signal.aborted) return { outcome: 'not taken', problem: { kind: 'timeout', where, message: late } };
    try {
      const response = await withCredentials(config, { secrets }, deadline.signal, (credentials) =>
        http.send({
          method: 'POST',
          url,
          ...credentials,
          headers: { ...credentials.headers, 'content-type': 'application/json' },
          body,
          signal: deadline.signal,
          remainingMs: () => deadline.remainingMs(),
          // A level that comes twice is the same level; an increase would count twice.
          idempotent: !points.some(isAddedUp),
        }),
      );
      refuseWebPage(response, whereOf('POST', url));
      return { outcome: 'stored' };
    } catch (error) {
      const problem = problemOf(error, where, hints);
      if (problem === undefined) throw error;
      return { outcome: outcomeOf(error), problem: isRefusal(error) ? { ...problem, kind: 'rejected' } : problem };
    }
  };
}

const late = 'was not sent, for the deadline of the run had passed; raise the function timeout';

const hints = {
  400: 'the backend does not take a name or value; rename it in the CI system, or leave it out with `metrics.exclude`',
  413: 'the request is too large for the server or a proxy before it; raise the limit there',
};

function isRefusal(error: unknown): error is HttpStatusError {
  return error instanceof HttpStatusError && (error.status === 400 || error.status === 413);
}

/** API reference of the example: nothing of a request is stored unless it is answered 2xx; 500 and 502 may come late. */
const maybeStored: ReadonlySet<number> = new Set([500, 502, 504]);

/** Node's codes for a connection that did not come about. */
const neverConnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function outcomeOf(error: unknown): 'refused' | 'not taken' | 'unknown' {
  if (isRefusal(error)) return 'refused';
  if (error instanceof SecretUnavailableError) return 'not taken';
  if (error instanceof HttpStatusError) return maybeStored.has(error.status) ? 'unknown' : 'not taken';
  if (error instanceof HttpConnectionError && neverConnected.has(error.code)) return 'not taken';
  return error instanceof HttpError && error.name === 'ForbiddenRequestError' ? 'not taken' : 'unknown';
}
