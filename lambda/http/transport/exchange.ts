/** Sends one request once over a connection pool and reads its answer. */
import request from 'undici/lib/api/api-request.js';
import type { Dispatcher } from 'undici';
import { userAgent } from '../../version.ts';
import { explainRunEnd } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type BodyStream, readBody, readExcerpt } from './body.ts';
import { NoRoomError } from '../errors/errors.ts';
import { convertToHttpError } from './convert-error.ts';
import type { HttpRequest, OutgoingRequest } from '../port.ts';
import { errorBodyMs, type SizeLimit, type Timeouts } from './limits.ts';
import type { Meter } from './meter.ts';
import type { ResponseHeaders } from '../port.ts';
import type { Room } from './room.ts';
import { whereOf } from '../where.ts';

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
  readonly limit: SizeLimit;
  readonly findHiddenRefusal?: HttpRequest['findHiddenRefusal'] | undefined;
  readonly parseRefusalText?: HttpRequest['parseRefusalText'] | undefined;
  /** Takes secrets out of what a refusal says, before it is cut. */
  readonly clean: (text: string) => string;
  readonly meter: Meter;
  /** In memory, shared with all other answers. */
  readonly room: Room;
  readonly clock: Clock;
}

/** Sends one request once and reads its answer, whatever its status. @throws HttpError */
export async function exchange(outgoing: OutgoingRequest, options: ExchangeOptions): Promise<Answer> {
  const { dispatcher, meter, timeouts, signal } = options;
  const where = whereOf(outgoing.method, outgoing.url);
  using attempt = startAttemptTimer(timeouts.attemptMs);
  /** Undefined until the first line of an answer has come. */
  let begun: Pick<Answer, 'status' | 'headers'> | undefined;
  const sentMs = options.clock();
  let answeredMs = sentMs;
  try {
    meter.countSent(measureBody(outgoing.body));
    const response = await request.call(dispatcher, {
      origin: outgoing.url.origin,
      path: `${outgoing.url.pathname}${outgoing.url.search}`,
      method: outgoing.method,
      headers: buildHeaders(outgoing),
      body: outgoing.body ?? null,
      signal: AbortSignal.any([signal, attempt.signal]),
    });
    answeredMs = options.clock();
    const status = response.statusCode;
    const headers = joinHeaders(response.headers);
    begun = { status, headers };
    if (status >= 200 && status < 300) {
      const body = await readWithinRoom(response.body, headers, { ...options, where, attempt });
      const answer = applyHiddenRefusal({ status, headers, body, excerpt: '' }, options);
      begun = answer;
      return answer;
    }
    attempt.begin(Math.min(errorBodyMs, timeouts.attemptMs));
    return {
      status,
      headers,
      body: new Uint8Array(),
      excerpt: await readExcerpt(response.body, headers, {
        onBytes: meter.countReceived,
        clean: options.clean,
        parseRefusalText: options.parseRefusalText,
      }),
    };
  } catch (error) {
    throw convertToHttpError(error, where, { run: signal, attempt: attempt.signal }, timeouts);
  } finally {
    if (begun === undefined) meter.countUnanswered();
    else meter.countAnswer(begun.status, begun.headers, { host: outgoing.url.host, sentMs, answeredMs });
  }
}

/** The time that one attempt may take; dispose it to free its timer. */
interface AttemptTime extends Disposable {
  readonly signal: AbortSignal;
  /** From now on, in place of what was left. */
  readonly begin: (ms: number) => void;
  readonly pause: () => void;
}

function startAttemptTimer(ms: number): AttemptTime {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const pause = (): void => {
    clearTimeout(timer);
  };
  const begin = (leftMs: number): void => {
    pause();
    timer = setTimeout(() => {
      controller.abort();
    }, leftMs);
  };
  begin(ms);
  return { signal: controller.signal, begin, pause, [Symbol.dispose]: pause };
}

interface Reading extends ExchangeOptions {
  readonly where: string;
  readonly attempt: AttemptTime;
}

/** While an answer waits for memory the time of its attempt stands still, but not that of the run. */
async function readWithinRoom(body: BodyStream, headers: ResponseHeaders, reading: Reading): Promise<Uint8Array> {
  const { where, attempt, room, signal, timeouts, meter, limit } = reading;
  const answerRoom = room.open();
  const take = (bytes: number): Promise<void> | undefined => {
    const waiting = answerRoom.take(bytes, signal);
    if (waiting === undefined) return undefined;
    attempt.pause();
    return waiting.then(
      () => {
        attempt.begin(timeouts.attemptMs);
      },
      () => {
        throw createNoRoomError(where, room, signal);
      },
    );
  };
  try {
    return await readBody(body, headers, { where, limit, onBytes: meter.countReceived, take });
  } finally {
    // In a later turn of the event loop, because the caller still uses the bytes in this one.
    setImmediate(() => {
      answerRoom[Symbol.dispose]();
    });
  }
}

function createNoRoomError(where: string, { bytes }: Room, signal: AbortSignal): NoRoomError {
  const room = `${String(Math.floor(bytes / 2 ** 20))} MiB`;
  return new NoRoomError(
    where,
    `there was no room in memory for the answer before ${explainRunEnd(signal).event}: answers on their way may take ${room} together, an eighth of the memory; raise deployment.memoryMegabytes, or make two collectors of the sources`,
  );
}

/** Where a protocol hides a refusal in a 2xx answer, the answer gets the status that means the same. */
function applyHiddenRefusal(
  answer: Answer,
  { findHiddenRefusal, clean }: Pick<ExchangeOptions, 'findHiddenRefusal' | 'clean'>,
): Answer {
  const refusal = findHiddenRefusal?.(answer);
  if (refusal === undefined) return answer;
  const { status, excerpt, headers } = refusal;
  return { status, excerpt: clean(excerpt), headers: { ...answer.headers, ...headers }, body: new Uint8Array() };
}

/** What the port adds is added last and is not signed: a proxy on the way may change these headers. */
function buildHeaders({ headers }: OutgoingRequest): Record<string, string> {
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { 'user-agent': userAgent, 'accept-encoding': 'gzip', ...named };
}

function joinHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): ResponseHeaders {
  const entries = Object.entries(headers).flatMap(([name, value]): readonly [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
  );
  return Object.fromEntries(entries);
}

function measureBody(body: OutgoingRequest['body']): number {
  return body === undefined ? 0 : Buffer.byteLength(body);
}
