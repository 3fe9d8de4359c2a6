/** Sends one request and finds out what became of it; with `answer.ts` this is all that knows Datadog's answers. */
import { withCredentials } from '../../../http/credentials.ts';
import { type HeaderSettings, withHeaders } from '../../../http/custom-headers.ts';
import { ForbiddenRequestError, HttpStatusError } from '../../../http/errors.ts';
import type { HttpResponse } from '../../../http/http.ts';
import { problemOf } from '../../../http/problem.ts';
import { CredentialRefusedError } from '../../../http/refusal.ts';
import { wasNeverSent } from '../../../http/retry.ts';
import { refuseWebPage } from '../../../http/web-page.ts';
import { whereOf } from '../../../http/where.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { SecretUnavailableError } from '../../../secrets/secrets.ts';
import type { SinkPorts } from '../../sink.ts';
import { baseUrlOf, type DatadogConfig } from '../config.ts';
import { isAddedUp } from '../encode/point.ts';
import type { PointsRequest, Route } from '../encode/requests.ts';
import { maxAnswerBytes } from '../limits.ts';
import { errorsIn } from './answer.ts';

/**
 * `refused`: for what is in it, and would be again; `not taken`: certainly not stored, and may be sent again as it is;
 * `unknown`: the answer was lost, or does not say what was stored.
 */
export type Fate =
  { readonly outcome: 'stored' } | { readonly outcome: 'refused' | 'not taken' | 'unknown'; readonly problem: Problem };

export type Post = (request: PointsRequest) => Promise<Fate>;

const paths: Readonly<Record<Route, string>> = {
  series: '/api/v2/series',
  distributions: '/api/v1/distribution_points',
};

const encodings: Readonly<Record<Route, string>> = { series: 'gzip', distributions: 'deflate' };

/**
 * Answers by which a server says that it has done nothing (RFC 9110): 408, the request did not come in time; 429, too
 * many; 503, it cannot handle any. Other faults (500, 502, 504) say nothing of what became of the request.
 */
const undoneStatuses: readonly number[] = [408, 429, 503];

/** For what is in a request, of which nothing is stored then (API reference: 400 bad request, 413 payload too large). */
const refusals: ReadonlySet<number> = new Set([400, 413]);

/** Longest part of what Datadog says of errors that a problem repeats. */
const maxServerText = 1024;

/** The key may have been rotated: Datadog refuses keys with 403, where other servers answer 401. */
class KeyRefusedError extends CredentialRefusedError {
  override readonly name = 'KeyRefusedError';
  override readonly cause: HttpStatusError;

  constructor(cause: HttpStatusError) {
    super('the key was refused', { cause });
    this.cause = cause;
  }
}

/** Never rejects but for a bug. */
export function createPost(config: DatadogConfig, ports: SinkPorts, deadline: Deadline): Post {
  const where = `datadog/${config.name}`;
  const send = createSend(config, ports, deadline);
  return async (request) => {
    if (deadline.signal.aborted) return { outcome: 'not taken', problem: { kind: 'timeout', where, message: late } };
    try {
      const { url, response } = await send(request);
      refuseWebPage(response, whereOf('POST', url));
      return judgeAnswer(response, {
        where: `${where} ${whereOf('POST', url)}`,
        withoutSecrets: (text) => ports.http.withoutSecrets(text),
      });
    } catch (thrown) {
      const error = thrown instanceof KeyRefusedError ? thrown.cause : thrown;
      const problem = problemOf(error, where, hints);
      if (problem === undefined) throw error;
      return { outcome: outcomeOf(error), problem };
    }
  };
}

type Send = (request: PointsRequest) => Promise<{ readonly url: URL; readonly response: HttpResponse }>;

function createSend(config: DatadogConfig, { http, secrets }: SinkPorts, deadline: Deadline): Send {
  const { signal } = deadline;
  const keyHeader: HeaderSettings = { 'dd-api-key': config.apiKey };
  return async ({ route, points, body }) => {
    const url = new URL(`${baseUrlOf(config)}${paths[route]}`);
    const countsTwice = points.some(isAddedUp);
    const fixed = {
      'content-type': 'application/json',
      'content-encoding': encodings[route],
      // A connection that was kept may have died while the function was frozen, and the write that finds out is a lost
      // answer: increases, which must not be sent twice, travel on fresh ones.
      ...(countsTwice ? { connection: 'close' } : {}),
    };
    const response = await withHeaders(keyHeader, secrets, signal, (key) =>
      withCredentials({ tls: config.tls }, { secrets }, signal, async (credentials) => {
        try {
          return await http.send({
            method: 'POST',
            url,
            ...credentials,
            headers: { ...key, ...fixed },
            body,
            signal,
            remainingMs: () => deadline.remainingMs(),
            // A level that comes twice is the same level; an increase would count twice.
            idempotent: !countsTwice,
            undoneStatuses,
            maxResponseBytes: maxAnswerBytes,
          });
        } catch (error) {
          throw error instanceof HttpStatusError && error.status === 403 ? new KeyRefusedError(error) : error;
        }
      }),
    );
    return { url, response };
  };
}

interface JudgePorts {
  readonly where: string;
  /** Takes secrets out, before a text is cut. */
  readonly withoutSecrets: (text: string) => string;
}

/** Datadog keeps what is good of a request, and does not say which points an error is about. */
function judgeAnswer({ body }: HttpResponse, { where, withoutSecrets }: JudgePorts): Fate {
  const errors = errorsIn(body);
  if (errors === undefined)
    return { outcome: 'unknown', problem: { kind: 'bad-response', where, message: unreadable } };
  if (errors.length === 0) return { outcome: 'stored' };
  const said = withoutSecrets(errors.join('; ')).slice(0, maxServerText).toWellFormed();
  const count = `${String(errors.length)} error${errors.length === 1 ? '' : 's'}`;
  const message = `was taken with ${count}, of which Datadog does not say which points they are about: "${said}"; look at the metric that it names, and leave it out with \`metrics.exclude\``;
  return { outcome: 'unknown', problem: { kind: 'rejected', where, message } };
}

const late = 'was not sent, for the deadline of the run had passed; raise the function timeout';

const unreadable =
  'answered with success, but not in the JSON of Datadog: whether all was stored is not known; check `url`, and proxies on the way';

const hints = {
  400: 'Datadog does not take a name or value; rename it in the CI system, or leave it out with `metrics.exclude`',
  401: 'the API key is wrong or revoked; put a valid one of this site into the secret',
  403: 'the API key is wrong, revoked, or of another site; put a valid one into the secret, or set `site`',
  404: 'the server knows no such path; check `url`, behind which /api/v2/series and /api/v1/distribution_points are expected',
  408: 'the request did not arrive in time; check the network between here and Datadog',
  413: 'the request is too large for a proxy before Datadog; raise the limit there',
};

function outcomeOf(error: unknown): 'refused' | 'not taken' | 'unknown' {
  if (error instanceof HttpStatusError) return outcomeOfStatus(error.status);
  const wasNotEvenTried =
    error instanceof ForbiddenRequestError || error instanceof SecretUnavailableError || wasNeverSent(error);
  return wasNotEvenTried ? 'not taken' : 'unknown';
}

function outcomeOfStatus(status: number): 'refused' | 'not taken' | 'unknown' {
  if (refusals.has(status)) return 'refused';
  return status < 500 || undoneStatuses.includes(status) ? 'not taken' : 'unknown';
}
