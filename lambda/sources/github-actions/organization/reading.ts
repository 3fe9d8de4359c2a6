/** Remembers what was read of the organization until it is read again, and for how long it is shown. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import { computeRunnersInterval } from '../../../crawl/intervals.ts';
import type { TickBudget } from '../../../crawl/tick-budget.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type Problem, problemKinds } from '../../../model/problem.ts';
import { minuteMs } from '../../../model/time.ts';

/** Something that is read at fixed times, whatever goes on. */
export interface ReadingPlan<Value> {
  /** Under which it is remembered. */
  readonly name: string;
  readonly schema: z.ZodType<Value>;
  /** At least so long lies between two readings; more where they would cost too large a part of the budget. Milliseconds. */
  readonly leastEveryMs: number;
  /** What the value is of, such as a month; absent where it is of the present. One of another period is not shown. */
  readonly period?: string;
  /** @throws HttpError, BudgetSpentError */
  readonly read: () => Promise<Value>;
  /** Told of what has failed; returns the problem that it is. */
  readonly onError: (error: unknown) => Problem | undefined;
  /** Told again of a refusal while nothing is asked. */
  readonly onRest: (problem: Problem) => void;
}

/** Figures that are older are not shown, because an autoscaler may use them. */
const leastShownMs = 5 * minuteMs;

/** The last refusal, with the problem that it was told as. */
const Refusal = z.object({
  refusedMs: z.number(),
  problem: z.object({ kind: z.enum(problemKinds), where: z.string(), message: z.string() }),
});

/**
 * Reads when it is due and a request may succeed. After a refusal that only a person can end it is asked again no sooner
 * than it would be read; the problem is told until then. @returns undefined where nothing is known, or it is too old
 */
export async function readWhenDue<Value>(
  plan: ReadingPlan<Value>,
  { ledger, budget, canAsk }: { readonly ledger: Ledger; readonly budget: TickBudget; readonly canAsk: boolean },
): Promise<Value | undefined> {
  const Memory = z.object({ readMs: z.number(), requests: z.number(), value: plan.schema, period: z.string().optional() });
  const { tickMs } = ledger;
  const last = ledger.recall(plan.name, Memory);
  const memory = last?.period === plan.period ? last : undefined;
  const everyMs = Math.max(plan.leastEveryMs, computeRunnersInterval(last?.requests ?? 1, budget.perHour));
  const recall = (): Value | undefined =>
    memory !== undefined && tickMs - memory.readMs <= Math.max(leastShownMs, 2 * everyMs) ? memory.value : undefined;
  if (memory !== undefined && tickMs - memory.readMs < everyMs) return recall();
  const refusal = ledger.recall(nameRefusal(plan), Refusal);
  if (refusal !== undefined && tickMs - refusal.refusedMs < everyMs && refusal.refusedMs > (last?.readMs ?? 0)) {
    plan.onRest(describeRest(refusal, everyMs));
    return undefined;
  }
  if (!canAsk) return undefined;
  const before = budget.countLeft();
  try {
    const value = await plan.read();
    ledger.remember(plan.name, { readMs: tickMs, requests: before - budget.countLeft(), value, period: plan.period });
    return value;
  } catch (error) {
    if (error instanceof BudgetSpentError) return recall();
    const problem = plan.onError(error);
    if (problem !== undefined && isLasting(error, problem))
      ledger.remember(nameRefusal(plan), { refusedMs: tickMs, problem });
    return undefined;
  }
}

function nameRefusal({ name }: { readonly name: string }): string {
  return `${name} refused`;
}

/** A permission, a product or an address that is not there; a limit passes by itself and has times of its own. */
function isLasting(error: unknown, { kind }: Problem): boolean {
  return error instanceof HttpStatusError && [403, 404, 410].includes(error.status) && kind !== 'rate-limited';
}

function describeRest({ refusedMs, problem }: z.infer<typeof Refusal>, everyMs: number): Problem {
  const again = new Date(refusedMs + everyMs).toISOString();
  return { ...problem, message: `${problem.message}; it is asked again at ${again}` };
}
