import type { HttpStatusError } from '../../http/errors.ts';
import type { SendSeries, Verdict } from './send.ts';
import type { Series } from './series.ts';

/** What became of some series: the verdict of the last request that they were in. */
export interface Settled {
  readonly series: readonly Series[];
  readonly verdict: Verdict | { readonly outcome: 'unsent' };
}

/**
 * Requests that a run may spend on finding bad series, over all of its requests: enough to single out a handful among
 * thousands, and not enough to trouble a receiver that refuses everything.
 */
export const isolationBudget = 100;

/** After so many refusals with nothing saved in between, the trouble is not with single series. */
export const maxFutileRequests = 24;

export interface Budget {
  left: number;
}

/**
 * A 1.0 receiver drops a whole request for one bad sample (Prometheus rolls it back), so the request is halved until
 * the bad series stand alone and the good ones are stored. Those that a receiver has kept the first time are sent
 * again unchanged, which it takes for what it is: nothing new.
 */
export async function isolate(
  refused: { readonly series: readonly Series[]; readonly error: HttpStatusError },
  send: SendSeries,
  budget: Budget,
): Promise<readonly Settled[]> {
  const settled: Settled[] = [];
  // Largest first: when the budget ends, what is given up is small.
  const waiting = [refused];
  let futile = 0;
  const ask = async (series: readonly Series[]): Promise<Verdict> => {
    const verdict = await send(series);
    futile = futileAfter(verdict, futile);
    if (verdict.outcome === 'refused') waiting.push({ series, error: verdict.error });
    else settled.push({ series, verdict });
    return verdict;
  };
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
    const { series, error } = piece;
    if (series.length === 1 || budget.left < 2 || futile >= maxFutileRequests) {
      settled.push({ series, verdict: { outcome: 'refused', error } });
      continue;
    }
    // Both halves at once, since other requests draw on the same budget meanwhile.
    budget.left -= 2;
    const middle = Math.ceil(series.length / 2);
    const { outcome } = await ask(series.slice(0, middle));
    // The bad one must be in the other half then, unless the size itself was refused.
    const isRestBad = outcome === 'stored' && error.status !== 413;
    if (isRestBad) {
      budget.left += 1;
      waiting.push({ series: series.slice(middle), error });
    } else await ask(series.slice(middle));
  }
  return settled;
}

function futileAfter({ outcome }: Verdict, before: number): number {
  switch (outcome) {
    case 'stored':
    case 'partial':
      return 0;
    case 'refused':
      return before + 1;
    case 'undelivered':
      // The receiver has gone: what is left is not worth a question.
      return maxFutileRequests;
  }
}
