/** Sends one request of a sink that adds, and finds out whether what is in it was stored. */
import { explainRunEnd } from '../../runtime/abort.ts';
import { ForbiddenRequestError, HttpStatusError, RedirectError } from '../../http/errors/errors.ts';
import { describeHttpProblem, type StatusHints } from '../../http/errors/problem.ts';
import { isNeverSent } from '../../http/transport/retry.ts';
import type { Problem } from '../../model/problem.ts';
import { SecretUnavailableError } from '../../secrets/secrets.ts';

/**
 * `refused`: for what is in it, and would be again; `not taken`: certainly not stored, and may be sent again as it is;
 * `unknown`: the answer was lost, or does not say what was stored.
 */
export type Fate =
  | { readonly outcome: 'stored' }
  | {
      readonly outcome: 'refused' | 'not taken' | 'unknown';
      readonly problem: Problem;
      /** It was refused for the size of the request, so that fewer samples at once may be taken. */
      readonly isTooLarge?: boolean;
      /** It did not leave this machine, as without its secret: it counts as no request. */
      readonly isUntried?: boolean;
    };

/** The deadline of the run had passed, or it was interrupted, before a request was sent. */
export class NotBegunError extends Error {
  override readonly name = 'NotBegunError';

  /** @param signal that of the run */
  constructor(signal: AbortSignal) {
    const { past, remedy } = explainRunEnd(signal);
    super(`${past} before the request was sent; ${remedy}`);
  }
}

/** What a backend's API says of its statuses. */
export interface Statuses {
  /** For what is in a request, of which nothing is stored then. */
  readonly refusals: ReadonlySet<number>;
  /** Faults of the server after which it has certainly done nothing. */
  readonly undone: readonly number[];
  /** What to do about a status. */
  readonly hints: StatusHints;
}

export interface Attempt {
  readonly signal: AbortSignal;
  /** Which sink, such as `datadog/main`. */
  readonly where: string;
  /** `POST api.example.com/points` */
  readonly target: string;
  readonly statuses: Statuses;
}

/** Never rejects but for a bug. `send` gives the fate of a request that was answered. */
export async function settle({ signal, where, target, statuses }: Attempt, send: () => Promise<Fate>): Promise<Fate> {
  if (signal.aborted) {
    const problem: Problem = {
      kind: 'timeout',
      where: `${where} ${target}`,
      message: new NotBegunError(signal).message,
    };
    return { outcome: 'not taken', problem, isUntried: true };
  }
  try {
    return await send();
  } catch (error) {
    const problem = describeHttpProblem(error, where, statuses.hints, 'quote');
    if (problem === undefined) throw error;
    const isTooLarge = error instanceof HttpStatusError && error.status === 413;
    return { outcome: decideOutcome(error, statuses), problem, isTooLarge, isUntried: isUntried(error) };
  }
}

function decideOutcome(error: unknown, { refusals, undone }: Statuses): 'refused' | 'not taken' | 'unknown' {
  if (error instanceof HttpStatusError && refusals.has(error.status)) return 'refused';
  return isNotTaken(error, undone) ? 'not taken' : 'unknown';
}

/** Whether nothing was stored for certain: another fault of the server, and an answer that never came, prove nothing. */
export function isNotTaken(error: unknown, undoneStatuses: readonly number[]): boolean {
  if (error instanceof HttpStatusError) return error.status < 500 || undoneStatuses.includes(error.status);
  if (error instanceof RedirectError) return !error.isDone;
  return isUntried(error) || isNeverSent(error);
}

/** Whether this machine has not even tried to send it. */
export function isUntried(error: unknown): boolean {
  return (
    error instanceof NotBegunError || error instanceof ForbiddenRequestError || error instanceof SecretUnavailableError
  );
}
