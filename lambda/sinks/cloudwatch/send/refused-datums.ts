/** Remembers the datums that CloudWatch refused, so that later runs of the process leave them out beforehand. */
import { type Datum, describe } from '../encode/datum.ts';
import type { Failure } from './explain-error.ts';
import { retryRefusedAfterMs, maxRefusedDatums } from '../limits.ts';

export interface RefusedBefore {
  /** Why this datum is left out now; undefined for one that may be sent. */
  readonly failureOf: (datum: Datum, nowMs: number) => Failure | undefined;
  /** Whether a datum with the same dimensions was refused: a bad name spoils every metric that carries it. */
  readonly isSuspect: (datum: Datum) => boolean;
  readonly remember: (datum: Datum, failure: Failure, nowMs: number) => void;
}

interface Remembered {
  readonly failure: Failure;
  readonly untilMs: number;
  readonly dimensions: string;
}

export function rememberRefused(): RefusedBefore {
  const refused = new Map<string, Remembered>();
  const suspects = new Map<string, number>();
  const forget = (key: string, { dimensions }: Remembered): void => {
    refused.delete(key);
    const left = (suspects.get(dimensions) ?? 0) - 1;
    if (left > 0) suspects.set(dimensions, left);
    else suspects.delete(dimensions);
  };
  return {
    failureOf: (datum, nowMs) => {
      // Nothing is looked up while nothing was refused: a large delivery has 90,000 datums.
      if (suspects.size === 0 || !suspects.has(dimensionsKey(datum))) return undefined;
      const key = describe(datum);
      const known = refused.get(key);
      if (known === undefined || nowMs < known.untilMs) return known?.failure;
      forget(key, known);
      return undefined;
    },
    isSuspect: (datum) => suspects.has(dimensionsKey(datum)),
    remember: (datum, failure, nowMs) => {
      const key = describe(datum);
      if (refused.has(key)) return;
      const dimensions = dimensionsKey(datum);
      if (refused.size >= maxRefusedDatums) forgetOldest(refused, forget);
      refused.set(key, { failure: asRepeated(failure), untilMs: nowMs + retryRefusedAfterMs, dimensions });
      suspects.set(dimensions, (suspects.get(dimensions) ?? 0) + 1);
    },
  };
}

function forgetOldest(
  refused: ReadonlyMap<string, Remembered>,
  forget: (key: string, known: Remembered) => void,
): void {
  for (const [key, known] of refused) {
    forget(key, known);
    return;
  }
}

/** A cause of its own, so that what is left out beforehand is told apart from what was refused in this run. */
function asRepeated(failure: Failure): Failure {
  return {
    ...failure,
    cause: `${failure.cause} before`,
    reason: `left out, because ${failure.reason} in an earlier run; it is tried again an hour after it was refused`,
  };
}

/** What the metrics of one queue or pipeline have in common. */
export function dimensionsKey({ dimensions }: Datum): string {
  return dimensions.map(({ name, value }) => `${name}=${value}`).join('\n');
}
