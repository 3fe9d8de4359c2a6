import { type Budget, isolate, isolationBudget, type Settled } from './isolate.ts';
import type { SendSeries } from './send.ts';
import type { Series } from './series.ts';

/** Requests in flight; a receiver takes 10,000 series in a tenth of a second, so more would only queue there. */
const maxParallelRequests = 4;

/** Cuts a list into pieces of at most `size`, in order. */
export function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return [...piecesOf([items], size)];
}

/** Cuts lists into pieces of `size` items, the last one smaller; a list is asked for when a piece needs it. */
export function* piecesOf<Item>(lists: Iterable<readonly Item[]>, size: number): Generator<readonly Item[]> {
  let piece: Item[] = [];
  for (const list of lists) {
    for (let at = 0; at < list.length;) {
      const end = Math.min(list.length, at + size - piece.length);
      for (const item of list.slice(at, end)) piece.push(item);
      at = end;
      if (piece.length < size) continue;
      yield piece;
      piece = [];
    }
  }
  if (piece.length > 0) yield piece;
}

/**
 * Sends pieces of disjoint series side by side, each made when a request is free, and tells what became of each. The
 * first one goes ahead alone: it finds out at the price of one request that a token is refused, a receiver is down or a
 * protocol is not spoken. After a piece that could not be delivered no other one is begun.
 */
export async function deliver(
  pieces: Iterator<readonly Series[]>,
  send: SendSeries,
  note: (settled: Settled) => void,
): Promise<void> {
  const budget: Budget = { left: isolationBudget };
  let isStopped = false;
  const settle = async (series: readonly Series[]): Promise<void> => {
    if (isStopped) {
      note({ series, verdict: { outcome: 'unsent' } });
      return;
    }
    const verdict = await send(series);
    const settled =
      verdict.outcome === 'refused'
        ? await isolate({ series, error: verdict.error }, send, budget)
        : [{ series, verdict }];
    if (settled.some(({ verdict: { outcome } }) => outcome === 'undelivered')) isStopped = true;
    for (const one of settled) note(one);
  };
  const first = pieces.next();
  if (first.done !== true) await settle(first.value);
  const worker = async (): Promise<void> => {
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) await settle(next.value);
  };
  await Promise.all(Array.from({ length: maxParallelRequests }, worker));
}
