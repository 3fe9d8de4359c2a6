/** What sources that crawl repositories are given in a simulation: a network that answers step by step, and few requests. */
import type { TickBudget } from '../../../../lambda/crawl/tick-budget.ts';
import { HttpStatusError } from '../../../../lambda/http/errors/errors.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../../../../lambda/http/port.ts';
import type { Deadline } from '../../../../lambda/runtime/deadline.ts';
import { type Poll, RefusedError, requestsOf } from './poll.ts';
import { VendorError } from './vendor.ts';

/** A simulated source whose code is that of a real one. */
export interface CrawlPoll extends Poll {
  readonly deadline: Deadline;
  /** By the clock of the invocation. Epoch milliseconds. */
  readonly ownNow: () => number;
  /** Elements that are no runs stand among those of each list. */
  readonly mixesStrange: boolean;
}

export const blocked = { kind: 'rate-limited', where: 'vendor', message: 'left alone for a while' } as const;

/** As if the requests of the hour were nearly used up: what is left out for want of them is no fault. */
export function limitRequests(budget: TickBudget, { budget: { pages, openRuns } }: Poll): TickBudget {
  let more = Math.min(pages, openRuns + 1);
  const left = (): number => Math.min(more, budget.countLeft());
  return {
    ...budget,
    countLeft: left,
    spare: () => Math.min(more, budget.spare()),
    take: () => {
      if (more < 1 || !budget.take()) return false;
      more -= 1;
      return true;
    },
  };
}

export interface Answering {
  readonly tellTime: () => void;
  /** Undefined for a list; of a run, its id. */
  readonly findRun: (url: URL) => string | undefined;
  readonly answer: (request: Pick<HttpRequest, 'url' | 'headers'>) => HttpResponse;
}

/** Each request is a step; it fails, is refused or is answered as the history says. */
export function createPort(poll: CrawlPoll, { tellTime, findRun, answer }: Answering): HttpPort {
  const request = requestsOf(poll);
  return {
    send: async ({ url, headers }) => {
      try {
        const id = findRun(url);
        await request(id === undefined ? `list ${url.searchParams.get('page') ?? ''}` : `get ${id}`);
      } catch (error) {
        tellTime();
        if (error instanceof VendorError) throw createRefusal(url, 503);
        if (error instanceof RefusedError) throw createLimitRefusal(url, error.untilMs, poll);
        throw error;
      }
      tellTime();
      return answer({ url, headers });
    },
    takeMeter: () => ({ attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 }),
    withoutSecrets: (text) => text,
    readClocks: () => [],
  };
}

/** `Retry-After` is in seconds, so that no clock has to be right. */
function createLimitRefusal({ origin }: URL, untilMs: number, { now, ownNow, refusals }: CrawlPoll): HttpStatusError {
  refusals.onWaiting();
  const seconds = Math.max(0, untilMs - now()) / 1000;
  const headers = { 'retry-after': String(Math.ceil(seconds)) };
  return new HttpStatusError(`GET ${origin}`, {
    status: 429,
    headers,
    excerpt: '',
    retryAtMs: ownNow() + seconds * 1000,
  });
}

export function createRefusal({ origin }: URL, status: number): HttpStatusError {
  return new HttpStatusError(`GET ${origin}`, { status, headers: {}, excerpt: '' });
}

export function makeResponse(
  body: string,
  receivedAtMs: number,
  more: Readonly<Record<string, string>> = {},
): HttpResponse {
  const headers = { 'content-type': 'application/json', etag: makeTag(body), ...more };
  return { status: 200, headers, body: new TextEncoder().encode(body), receivedAtMs };
}

export function makeTag(body: string): string {
  return `"${body}"`;
}
