import request from 'undici/lib/api/api-request.js';
import type { Dispatcher } from 'undici';
import { userAgent } from '../report/version.ts';
import type { Clock } from '../runtime/clock.ts';
import { readBody, readExcerpt } from './body.ts';
import { failureOf } from './failure.ts';
import type { HttpRequest, OutgoingRequest } from './http.ts';
import { errorBodyMs, type Timeouts } from './limits.ts';
import type { Meter } from './meter.ts';
import type { ResponseHeaders } from './http.ts';
import { whereOf } from './where.ts';

/** An answer with its whole body when it is a success, with its first words when it is not. */
export interface Answer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: Uint8Array;
  readonly excerpt: string;
}

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly timeouts: Timeouts;
  readonly maxResponseBytes: number;
  readonly verdictOf?: HttpRequest['verdictOf'] | undefined;
  /** Takes secrets out of what a refusal says, before it is cut. */
  readonly clean: (text: string) => string;
  readonly meter: Meter;
  readonly clock: Clock;
}

/** Sends one request once and reads its answer, whatever its status. @throws HttpError */
export async function exchange(outgoing: OutgoingRequest, options: ExchangeOptions): Promise<Answer> {
  const { dispatcher, meter, timeouts, signal } = options;
  const where = whereOf(outgoing.method, outgoing.url);
  const attempt = new AbortController();
  const endAfter = (ms: number): NodeJS.Timeout =>
    setTimeout(() => {
      attempt.abort();
    }, ms);
  let timer = endAfter(timeouts.attemptMs);
  /** Undefined until the first line of an answer has come. */
  let begun: Pick<Answer, 'status' | 'headers'> | undefined;
  const sentMs = options.clock();
  let answeredMs = sentMs;
  try {
    meter.sent(sizeOf(outgoing.body));
    const response = await request.call(dispatcher, {
      origin: outgoing.url.origin,
      path: `${outgoing.url.pathname}${outgoing.url.search}`,
      method: outgoing.method,
      headers: headersOf(outgoing),
      body: outgoing.body ?? null,
      signal: AbortSignal.any([signal, attempt.signal]),
    });
    answeredMs = options.clock();
    const status = response.statusCode;
    const headers = joined(response.headers);
    begun = { status, headers };
    if (status >= 200 && status < 300) {
      const body = await readBody(response.body, headers, {
        where,
        maxBytes: options.maxResponseBytes,
        onBytes: meter.received,
      });
      const answer = judged({ status, headers, body, excerpt: '' }, options);
      begun = answer;
      return answer;
    }
    clearTimeout(timer);
    timer = endAfter(Math.min(errorBodyMs, timeouts.attemptMs));
    return {
      status,
      headers,
      body: new Uint8Array(),
      excerpt: await readExcerpt(response.body, headers, { onBytes: meter.received, clean: options.clean }),
    };
  } catch (error) {
    throw failureOf(error, where, { run: signal, attempt: attempt.signal }, timeouts);
  } finally {
    clearTimeout(timer);
    if (begun === undefined) meter.unanswered();
    else meter.answered(begun.status, begun.headers, { host: outgoing.url.host, sentMs, answeredMs });
  }
}

/** What the protocol over HTTP says of the answer counts, where it says something. */
function judged(answer: Answer, { verdictOf, clean }: Pick<ExchangeOptions, 'verdictOf' | 'clean'>): Answer {
  const verdict = verdictOf?.(answer);
  if (verdict === undefined) return answer;
  const { status, excerpt, headers } = verdict;
  return { status, excerpt: clean(excerpt), headers: { ...answer.headers, ...headers }, body: new Uint8Array() };
}

/** What the port adds is added last and is not signed: a proxy on the way may change these headers. */
function headersOf({ headers }: OutgoingRequest): Record<string, string> {
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { 'user-agent': userAgent, 'accept-encoding': 'gzip', ...named };
}

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): ResponseHeaders {
  const entries = Object.entries(headers).flatMap(([name, value]): readonly [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
  );
  return Object.fromEntries(entries);
}

function sizeOf(body: OutgoingRequest['body']): number {
  return body === undefined ? 0 : Buffer.byteLength(body);
}
