/** Tells a right that is missing from an API server that restarts. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Problem } from '../../../model/problem.ts';
import type { RunKind } from './state.ts';
import { minuteMs } from '../../../model/time.ts';

/** What the API server allows or refuses. */
export type Right = `list ${RunKind}` | `get ${RunKind}` | 'read the controller';

const Allowed = z.record(
  z.string(),
  z.object({
    /** When it was allowed last. Epoch milliseconds. */
    atMs: z.number(),
    /** How long before that it had been allowed; the interval of the collector. */
    everyMs: z.number(),
  }),
);

const memoryName = 'allowed';

/** Longer than an API server takes to read all roles and bindings after its start, which it answers 403 for. */
const restartMs = 5 * minuteMs;

/** Where the collector runs less often, one refusal is no sign yet; half an interval more is for a late run. */
const intervals = 1.5;

/** Notes what the API server has allowed in this run. */
export function noteAllowed(ledger: Ledger, rights: Iterable<Right>): void {
  const before = ledger.recall(memoryName, Allowed) ?? {};
  const now = [...rights].map((right) => {
    const last = before[right] ?? { atMs: ledger.tickMs, everyMs: 0 };
    const isNoted = last.atMs === ledger.tickMs;
    return [right, isNoted ? last : { atMs: ledger.tickMs, everyMs: ledger.tickMs - last.atMs }] as const;
  });
  if (now.length > 0) ledger.remember(memoryName, { ...before, ...Object.fromEntries(now) });
}

/**
 * The problem that a refusal is. After its start an API server does not know its roles yet and answers 403 in the words
 * of a missing right; so what was allowed a moment ago is an outage, until it lasts.
 */
export function explainRefusal(error: unknown, problem: Problem, right: Right, ledger: Ledger | undefined): Problem {
  if (!(error instanceof HttpStatusError) || error.status !== 403 || ledger === undefined) return problem;
  const last = ledger.recall(memoryName, Allowed)?.[right];
  if (last === undefined) return problem;
  const lastsMs = Math.max(restartMs, last.everyMs * intervals);
  if (ledger.tickMs - last.atMs > lastsMs) return problem;
  const formatMinutes = (ms: number): string => `${String(Math.max(1, Math.round(ms / minuteMs)))} min`;
  const message = `answered 403 to what it allowed ${formatMinutes(ledger.tickMs - last.atMs)} ago, as an API server does while it starts; if that lasts for more than ${formatMinutes(lastsMs)}, the right to ${right.replace(/(pipeline|task)runs/, 'runs')} was taken away`;
  return { ...problem, kind: 'unavailable', message };
}
