/** Sends all requests of a delivery side by side, and finds the samples for which a backend refuses a whole request. */
import type { Problem } from '../../model/problem.ts';
import type { Fate } from './fate.ts';

/** Samples that were not stored, or of which it is not known. */
export interface Loss<Item> {
  readonly items: readonly Item[];
  readonly outcome: Exclude<Fate['outcome'], 'stored'>;
  readonly problem: Problem;
}

export interface Sent<Item> {
  readonly accepted: number;
  readonly requests: number;
  readonly bytes: number;
  readonly losses: readonly Loss<Item>[];
}

interface Sendable<Item> {
  readonly items: readonly Item[];
  readonly body: Uint8Array;
}

export interface Searching<Item, Request extends Sendable<Item>> {
  /** Each made when it is sent. */
  readonly requests: Iterator<Request>;
  /** For some of the samples of a request. */
  readonly encode: (items: readonly Item[]) => Request;
  /** Never rejects but for a bug. */
  readonly post: (request: Request) => Promise<Fate>;
  readonly parallel: number;
  /** Requests that may be spent on finding what is refused. */
  readonly maxSearches: number;
}

interface Tally<Item> {
  accepted: number;
  requests: number;
  bytes: number;
  readonly losses: Loss<Item>[];
}

/**
 * What one request loses, the others do not. Only after one that could not be delivered at all no other is begun: the
 * server would not take them either, and what was not sent can be sent by the next run.
 */
export async function sendSearching<Item, Request extends Sendable<Item>>({
  requests,
  encode,
  post,
  parallel,
  maxSearches,
}: Searching<Item, Request>): Promise<Sent<Item>> {
  const sent: Tally<Item> = { accepted: 0, requests: 0, bytes: 0, losses: [] };
  let searchesLeft = maxSearches;
  let stopped: Problem | undefined;

  const send = async (request: Request): Promise<void> => {
    const { items, body } = request;
    if (stopped !== undefined) {
      sent.losses.push({ items, outcome: 'not taken', problem: stopped });
      return;
    }
    sent.requests += 1;
    sent.bytes += body.byteLength;
    const fate = await post(request);
    if (fate.outcome === 'stored') sent.accepted += items.length;
    else if (fate.outcome === 'refused' && items.length > 1) await search(items, fate.problem);
    else {
      if (fate.outcome === 'not taken') stopped ??= fate.problem;
      sent.losses.push({ items, ...fate });
    }
  };

  /** Nothing of a refused request was stored, so its halves can be sent again, down to the bad sample. */
  const search = async (items: readonly Item[], problem: Problem): Promise<void> => {
    searchesLeft -= 2;
    if (searchesLeft < 0) {
      sent.losses.push({ items, outcome: 'not taken', problem });
      return;
    }
    const middle = Math.ceil(items.length / 2);
    await send(encode(items.slice(0, middle)));
    await send(encode(items.slice(middle)));
  };

  const drainRequests = async (): Promise<void> => {
    for (let next = requests.next(); next.done !== true; next = requests.next()) await send(next.value);
  };
  await Promise.all(Array.from({ length: parallel }, drainRequests));
  return sent;
}

/** What was sent to several addresses of one backend. */
export function joinSent<Item>(all: readonly Sent<Item>[]): Sent<Item> {
  const sumUp = (numberOf: (sent: Sent<Item>) => number): number =>
    all.reduce((total, sent) => total + numberOf(sent), 0);
  return {
    accepted: sumUp(({ accepted }) => accepted),
    requests: sumUp(({ requests }) => requests),
    bytes: sumUp(({ bytes }) => bytes),
    losses: all.flatMap(({ losses }) => losses),
  };
}
