/** Remembers the datums that CloudWatch refused, so that later runs of the process leave them out. */
import { type Datum, formatSeries } from '../encode/datum.ts';
import type { SendProblem } from './explain-error.ts';
import { retryRefusedAfterMs, maxRefusedDatums } from '../limits.ts';

export interface RefusedDatums {
  /** Why this datum is left out now; undefined for one that may be sent. */
  readonly findProblem: (datum: Datum, nowMs: number) => SendProblem | undefined;
  /** Whether a datum with the same dimensions was refused: a bad name spoils every metric that carries it. */
  readonly isSuspect: (datum: Datum) => boolean;
  readonly remember: (datum: Datum, problem: SendProblem, nowMs: number) => void;
}

interface Remembered {
  readonly problem: SendProblem;
  readonly untilMs: number;
  readonly dimensions: string;
}

export function rememberRefused(): RefusedDatums {
  const refused = new Map<string, Remembered>();
  const suspects = new Map<string, number>();
  const forget = (key: string, { dimensions }: Remembered): void => {
    refused.delete(key);
    const left = (suspects.get(dimensions) ?? 0) - 1;
    if (left > 0) suspects.set(dimensions, left);
    else suspects.delete(dimensions);
  };
  return {
    findProblem: (datum, nowMs) => {
      // Nothing is looked up while nothing was refused: a large delivery has 90,000 datums.
      if (suspects.size === 0 || !suspects.has(formatDimensionsKey(datum))) return undefined;
      const key = formatSeries(datum);
      const known = refused.get(key);
      if (known === undefined || nowMs < known.untilMs) return known?.problem;
      forget(key, known);
      return undefined;
    },
    isSuspect: (datum) => suspects.has(formatDimensionsKey(datum)),
    remember: (datum, problem, nowMs) => {
      const key = formatSeries(datum);
      if (refused.has(key)) return;
      const dimensions = formatDimensionsKey(datum);
      if (refused.size >= maxRefusedDatums) forgetOldest(refused, forget);
      refused.set(key, { problem: markRepeated(problem), untilMs: nowMs + retryRefusedAfterMs, dimensions });
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

/** A cause of its own, so that what is left out beforehand is reported apart from what this run was refused. */
function markRepeated(problem: SendProblem): SendProblem {
  return {
    ...problem,
    cause: `${problem.cause} before`,
    reason: `left out, because ${problem.reason} in an earlier run; it is tried again an hour after it was refused`,
  };
}

/** What the metrics of one queue or pipeline have in common. */
export function formatDimensionsKey({ dimensions }: Datum): string {
  return dimensions.map(({ name, value }) => `${name}=${value}`).join('\n');
}
