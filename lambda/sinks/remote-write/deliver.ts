import { HttpStatusError } from '../../http/errors.ts';
import { mapConcurrently } from '../../runtime/pool.ts';
import { type Budget, isolate, isolationBudget, type Settled } from './isolate.ts';
import type { Outcome } from './memory.ts';
import type { SendSeries } from './send.ts';
import type { Series } from './series.ts';

/** Requests in flight; a receiver takes 10,000 series in a tenth of a second, so more would only queue there. */
const maxParallelRequests = 4;

/** Cuts a list into pieces of at most `size`, in order. */
export function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/**
 * Sends pieces of disjoint series side by side. The first one goes ahead alone: it finds out at the price of one
 * request that a token is refused, a receiver is down or a protocol is not spoken. After a piece that could not be
 * delivered no other one is begun.
 */
export async function deliver(pieces: readonly (readonly Series[])[], send: SendSeries): Promise<readonly Settled[]> {
  const budget: Budget = { left: isolationBudget };
  const state = { isStopped: false };
  const settle = async (series: readonly Series[]): Promise<readonly Settled[]> => {
    if (state.isStopped) return [{ series, verdict: { outcome: 'unsent' } }];
    const verdict = await send(series);
    const settled =
      verdict.outcome === 'refused'
        ? await isolate({ series, error: verdict.error }, send, budget)
        : [{ series, verdict }];
    if (settled.some(({ verdict: { outcome } }) => outcome === 'undelivered')) state.isStopped = true;
    return settled;
  };
  const first = await mapConcurrently(pieces.slice(0, 1), 1, settle);
  const rest = await mapConcurrently(pieces.slice(1), maxParallelRequests, settle);
  return [...first, ...rest].flat();
}

/** How many samples the receiver has taken; markers are not samples of the batch. */
export function acceptedOf(settled: readonly Settled[]): number {
  return settled.reduce((sum, { series, verdict }) => {
    const isMarker = series[0]?.isStale ?? true;
    if (isMarker) return sum;
    if (verdict.outcome === 'stored') return sum + series.length;
    return verdict.outcome === 'partial' ? sum + verdict.stored : sum;
  }, 0);
}

/** What the sink has to remember of a delivery. */
export function outcomeOf(settled: readonly Settled[]): Outcome {
  const held: Series[] = [];
  const ended: Series[] = [];
  for (const { series, verdict } of settled) {
    const isKnown = verdict.outcome === 'stored' || verdict.outcome === 'partial';
    for (const one of series) {
      // A refused marker would be refused again; a lost one is worth another attempt.
      if (one.isStale && (isKnown || verdict.outcome === 'refused')) ended.push(one);
      if (!one.isStale && (isKnown || mayBeStored(verdict))) held.push(one);
    }
  }
  return { held, ended };
}

/** A request without an answer may have been stored, and an end too many does no harm. A 4xx says that it was not. */
function mayBeStored(verdict: Settled['verdict']): boolean {
  if (verdict.outcome !== 'undelivered') return false;
  return !(verdict.error instanceof HttpStatusError && verdict.error.status < 500);
}
