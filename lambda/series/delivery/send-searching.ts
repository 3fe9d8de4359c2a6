/** Sends all requests of a delivery side by side, and finds the samples for which a backend refuses a whole request. */
import type { Problem } from '../../model/problem.ts';
import type { Fate } from './fate.ts';
import type { RequestSize } from './request-size.ts';

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
  /** What is learned of the size of requests, for the life of the process. */
  readonly size: Pick<RequestSize, 'samples' | 'noteTooLarge'>;
}

type Unstored = Exclude<Fate, { readonly outcome: 'stored' }>;

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
  size,
}: Searching<Item, Request>): Promise<Sent<Item>> {
  const sent: Tally<Item> = { accepted: 0, requests: 0, bytes: 0, losses: [] };
  const losing = openLosses(sent.losses, maxSearches);

  const send = async (request: Request): Promise<void> => {
    const { items, body } = request;
    if (items.length > size.samples()) {
      await sendParts(items);
      return;
    }
    if (losing.isStopped(items)) return;
    const fate = await post(request);
    if (fate.outcome === 'stored' || fate.isUntried !== true) {
      sent.requests += 1;
      sent.bytes += body.byteLength;
    }
    if (fate.outcome === 'stored') sent.accepted += items.length;
    else if (fate.outcome === 'refused' && items.length > 1) await sendSmaller(items, fate);
    else losing.lose(items, fate);
  };

  /** Nothing of a refused request was stored, so its samples can be sent again. */
  const sendSmaller = async (items: readonly Item[], fate: Unstored): Promise<void> => {
    if (fate.isTooLarge === true) {
      size.noteTooLarge(items.length);
      await sendParts(items);
      return;
    }
    // Its halves, down to the bad sample.
    if (!losing.takeSearch(items, fate.problem)) return;
    const middle = Math.ceil(items.length / 2);
    await send(encode(items.slice(0, middle)));
    await send(encode(items.slice(middle)));
  };

  /** In requests of the size that is known to be taken; what is learned meanwhile makes the rest smaller. */
  const sendParts = async (items: readonly Item[]): Promise<void> => {
    for (let at = 0; at < items.length;) {
      const part = items.slice(at, at + size.samples());
      await send(encode(part));
      at += part.length;
    }
  };

  const drainRequests = async (): Promise<void> => {
    for (let next = requests.next(); next.done !== true; next = requests.next()) await send(next.value);
  };
  await Promise.all(Array.from({ length: parallel }, drainRequests));
  return sent;
}

interface Losses<Item> {
  /** Whether no request is begun any more; the samples are then lost for the reason that stopped it. */
  readonly isStopped: (items: readonly Item[]) => boolean;
  /** Whether two more requests may be spent on the search; otherwise the samples are lost. */
  readonly takeSearch: (items: readonly Item[], problem: Problem) => boolean;
  readonly lose: (items: readonly Item[], fate: Unstored) => void;
}

function openLosses<Item>(losses: Loss<Item>[], maxSearches: number): Losses<Item> {
  let searchesLeft = maxSearches;
  let stopped: Problem | undefined;
  return {
    isStopped: (items) => {
      if (stopped === undefined) return false;
      losses.push({ items, outcome: 'not taken', problem: stopped });
      return true;
    },
    takeSearch: (items, problem) => {
      searchesLeft -= 2;
      if (searchesLeft >= 0) return true;
      losses.push({ items, outcome: 'not taken', problem: endSearch(problem, maxSearches) });
      return false;
    },
    lose: (items, { outcome, problem, isTooLarge }) => {
      // Where single samples are too large for it, the server need not be asked about every one.
      if (isTooLarge === true && outcome === 'refused') {
        searchesLeft -= 1;
        if (searchesLeft < 0) stopped ??= endSearch(problem, maxSearches);
      }
      if (outcome === 'not taken') stopped ??= problem;
      losses.push({ items, outcome, problem });
    },
  };
}

/** Says that not the server ended it, but the bound of this delivery. */
function endSearch(problem: Problem, maxSearches: number): Problem {
  const ended = `the search for what is refused ended at the bound of ${String(maxSearches)} requests a delivery`;
  return { ...problem, message: `${problem.message}; ${ended}` };
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
