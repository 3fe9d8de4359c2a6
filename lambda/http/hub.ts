/** Makes the ports through which sources and sinks reach the network; all of them share connections and room. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../runtime/clock.ts';
import { defaultMemoryMegabytes } from '../runtime/function-memory.ts';
import type { Logger } from '../runtime/log.ts';
import { createRedactor, type Redactor } from '../secrets/redaction/redactor.ts';
import { rememberProxy, rememberRequest } from '../secrets/redaction/request-secrets.ts';
import { assertAllowedHost, type LoopbackPolicy } from './transport/address.ts';
import { createAgents, type Agents } from './transport/agents.ts';
import { ForbiddenRequestError, HttpConnectionError, HttpStatusError, HttpTimeoutError } from './errors/errors.ts';
import { exchange, type Answer } from './transport/exchange.ts';
import { convertToHttpError, createDeadlineError } from './transport/convert-error.ts';
import type { HttpPort, HttpRequest, HttpResponse, OutgoingRequest } from './port.ts';
import { defaultTimeouts, determineSizeLimit, type Timeouts } from './transport/limits.ts';
import { createMeter, type Meter } from './transport/meter.ts';
import { parseProxyRules, type ProxyFor, type ProxySettings } from './transport/proxy.ts';
import { longestRetryAfterMs, parseRetryAt } from './answers/rate-limit-headers.ts';
import { findRedirect } from './transport/redirect.ts';
import { waitBeforeRetry } from './transport/retry.ts';
import { createRoom, type Room, computeRoom } from './transport/room.ts';
import { whereOf } from './where.ts';

export interface HttpHubOptions {
  readonly clock: Clock;
  /** 0 (included) to 1 (excluded), for jitter. */
  readonly random: () => number;
  readonly log: Logger;
  /** Of retries; default: that of `retry.ts`. Milliseconds. */
  readonly firstWaitMs?: number;
  readonly loopback: LoopbackPolicy;
  readonly proxy?: ProxySettings;
  /** Learns what requests prove themselves with, and cleans what refusals quote; default: one of this hub alone. */
  readonly redactor?: Pick<Redactor, 'remember' | 'rememberPassing' | 'redactText'>;
  /** Of an answer, compressed or not. */
  readonly maxResponseBytes?: number;
  readonly timeouts?: Partial<Timeouts>;
  /** Memory of the process; default: that of the function. Bounds all answers on their way together. */
  readonly memoryMegabytes?: number;
}

/** The connections of a process; each plugin gets a port of its own, so that its requests are counted apart. */
export interface HttpHub {
  port(): HttpPort;
  /** What the answers on their way take, and the most that they ever took. */
  answersInFlight(): ReturnType<Room['taken']>;
  close(): Promise<void>;
}

export function createHttpHub(options: HttpHubOptions): HttpHub {
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const agents = createAgents(timeouts, options.loopback);
  const { redactor = createRedactor(), proxy = {} } = options;
  for (const url of [proxy.http, proxy.https]) rememberProxy(redactor, url?.trim());
  const { memoryMegabytes = defaultMemoryMegabytes } = options;
  const room = createRoom(computeRoom(memoryMegabytes));
  const resources = { room, memoryMegabytes, redactor, timeouts, agents };
  const shared = { ...options, ...resources, proxyFor: parseProxyRules(proxy) };
  return {
    port: () => createPort({ ...shared, meter: createMeter() }),
    answersInFlight: () => room.taken(),
    close: () => agents.close(),
  };
}

interface PortContext extends HttpHubOptions {
  readonly redactor: NonNullable<HttpHubOptions['redactor']>;
  readonly timeouts: Timeouts;
  readonly agents: Agents;
  readonly room: Room;
  readonly memoryMegabytes: number;
  readonly proxyFor: ProxyFor;
  readonly meter: Meter;
}

function createPort(context: PortContext): HttpPort {
  const { meter } = context;
  return {
    send: (request) => send(context, request),
    withoutSecrets: (text) => context.redactor.redactText(text),
    takeMeter: meter.take,
    readClocks: meter.getClocks,
  };
}

async function send(context: PortContext, request: HttpRequest): Promise<HttpResponse> {
  let answered: HttpStatusError | undefined;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sendOnce(context, request, attempt);
    } catch (failure) {
      // A retry that the deadline cuts off says less than the answer before it: "rate limited" names what to do. Where
      // nothing may be sent twice it says more: the server may have taken it.
      const isCutOff = failure instanceof HttpTimeoutError && request.signal.aborted;
      const error = isCutOff && request.undoneStatuses === undefined ? (answered ?? failure) : failure;
      if (error instanceof HttpStatusError) answered = error;
      const waitMs = waitBeforeRetry(error, request, attempt, context);
      if (waitMs === undefined) throw error;
      // After an abort during the wait the error of the attempt is thrown, which says more than the abort.
      const isOver = await sleep(waitMs, false, { signal: request.signal }).catch(() => true);
      if (isOver) throw error;
    }
  }
}

/** One attempt, redirects within the origin included. */
async function sendOnce(context: PortContext, request: HttpRequest, attempt: number): Promise<HttpResponse> {
  const { method, headers, body } = request;
  let { url } = request;
  for (let hops = 0; ; hops += 1) {
    const outgoing = { method, url, headers, ...(body === undefined ? {} : { body }) };
    const prepared = request.prepare === undefined ? outgoing : await request.prepare(outgoing, attempt);
    const answer = await exchangeLogged(context, prepared, request, attempt);
    const target = findRedirect(prepared, answer, hops);
    if (target === undefined)
      return unwrapAnswer(answer, prepared, { nowMs: context.clock(), waitSecondsIn: request.parseWaitSeconds });
    url = target;
  }
}

async function exchangeLogged(
  context: PortContext,
  outgoing: OutgoingRequest,
  { signal, tls, findHiddenRefusal, parseRefusalText, maxResponseBytes = context.maxResponseBytes }: HttpRequest,
  attempt: number,
): Promise<Answer> {
  const { clock, log, loopback, timeouts } = context;
  const where = whereOf(outgoing.method, outgoing.url);
  assertSendable(outgoing.url, where, loopback, { signal, timeouts });
  const startedMs = clock();
  const logOutcome = (outcome: { status: number } | { code: string }): void => {
    log.debug('http request', { request: where, attempt, ms: clock() - startedMs, ...outcome });
  };
  try {
    rememberRequest(context.redactor, { ...outgoing, key: tls?.key });
    const dispatcher = context.agents.get(tls, context.proxyFor(outgoing.url));
    const clean = (text: string): string => context.redactor.redactText(text);
    const limit = determineSizeLimit(maxResponseBytes, context.memoryMegabytes);
    const answered = { limit, findHiddenRefusal, parseRefusalText, clean };
    const answer = await exchange(outgoing, { ...context, ...answered, dispatcher, signal });
    logOutcome({ status: answer.status });
    return answer;
  } catch (error) {
    logOutcome({ code: error instanceof HttpConnectionError ? error.code : nameOf(error) });
    throw error;
  }
}

function assertSendable(
  url: URL,
  where: string,
  loopback: LoopbackPolicy,
  { signal, timeouts }: { readonly signal: AbortSignal; readonly timeouts: Timeouts },
): void {
  if (signal.aborted) throw createDeadlineError(where, signal);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new ForbiddenRequestError(where, 'only http and https URLs can be requested; check the URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw new ForbiddenRequestError(where, 'the URL holds a user name or password; use the auth setting instead');
  }
  try {
    assertAllowedHost(url, loopback);
  } catch (error) {
    throw convertToHttpError(error, where, { run: signal, attempt: signal }, timeouts);
  }
}

interface RetryHints {
  readonly nowMs: number;
  readonly waitSecondsIn: HttpRequest['parseWaitSeconds'];
}

function unwrapAnswer(answer: Answer, request: OutgoingRequest, reading: RetryHints): HttpResponse {
  const { status, headers, body, excerpt } = answer;
  if (status >= 200 && status < 300) return { status, headers, body, receivedAtMs: reading.nowMs };
  const retryAtMs = parseRetryAt(headers, reading.nowMs) ?? parseRetryAtInBody(answer, reading);
  throw new HttpStatusError(whereOf(request.method, request.url), { status, headers, excerpt, retryAtMs });
}

/** What the body of a refusal says, for servers that have no header for it. */
function parseRetryAtInBody({ status, excerpt }: Answer, { nowMs, waitSecondsIn }: RetryHints): number | undefined {
  const seconds = status === 429 || status === 503 ? waitSecondsIn?.(excerpt) : undefined;
  return seconds === undefined ? undefined : nowMs + Math.min(seconds * 1000, longestRetryAfterMs);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
