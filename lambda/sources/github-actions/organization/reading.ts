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

/** What was read last; what it is of, as in the plan. */
interface Memory<Value> {
  readonly readMs: number;
  readonly requests: number;
  readonly value: Value;
  readonly period?: string | undefined;
}

/** The last refusal, with the problem that it was told as. */
const Refusal = z.object({
  refusedMs: z.number(),
  problem: z.object({ kind: z.enum(problemKinds), where: z.string(), message: z.string() }),
});
type Refusal = z.infer<typeof Refusal>;

/** What a reading needs of the tick. */
interface ReadingContext {
  readonly ledger: Ledger;
  readonly budget: TickBudget;
  readonly canAsk: boolean;
}

/**
 * Reads when it is due and a request may succeed. After a refusal that only a person can end it is asked again no sooner
 * than it would be read; the problem is told until then. @returns undefined where nothing is known, or it is too old
 */
export async function readWhenDue<Value>(
  plan: ReadingPlan<Value>,
  context: ReadingContext,
): Promise<Value | undefined> {
  const { ledger, budget, canAsk } = context;
  const { tickMs } = ledger;
  const last = recallLast(plan, ledger);
  const everyMs = Math.max(plan.leastEveryMs, computeRunnersInterval(last?.requests ?? 1, budget.perHour));
  const sinceMs = tickMs - everyMs;
  const memory = last?.period === plan.period ? last : undefined;
  if (memory !== undefined && memory.readMs > sinceMs) return memory.value;
  const refusal = ledger.recall(nameRefusal(plan), Refusal);
  if (refusal !== undefined && isResting(refusal, last, sinceMs)) {
    plan.onRest(describeRest(refusal, everyMs));
    return undefined;
  }
  return canAsk ? readNow(plan, context, selectShown(memory, tickMs, everyMs)) : undefined;
}

function recallLast<Value>({ name, schema }: ReadingPlan<Value>, ledger: Ledger): Memory<Value> | undefined {
  const Memory = z.object({ readMs: z.number(), requests: z.number(), value: schema, period: z.string().optional() });
  return ledger.recall(name, Memory);
}

function selectShown<Value>(
  memory: Memory<Value> | undefined,
  tickMs: number,
  everyMs: number,
): Memory<Value> | undefined {
  const sinceMs = tickMs - Math.max(leastShownMs, 2 * everyMs);
  return memory !== undefined && memory.readMs >= sinceMs ? memory : undefined;
}

/** @param shown What may still be shown when the budget is spent. */
async function readNow<Value>(
  plan: ReadingPlan<Value>,
  { ledger, budget }: ReadingContext,
  shown: Memory<Value> | undefined,
): Promise<Value | undefined> {
  const { tickMs } = ledger;
  const before = budget.countLeft();
  try {
    const value = await plan.read();
    const requests = before - budget.countLeft();
    ledger.remember(plan.name, { readMs: tickMs, requests, value, period: plan.period });
    return value;
  } catch (error) {
    if (error instanceof BudgetSpentError) return shown?.value;
    const problem = plan.onError(error);
    if (problem !== undefined && isLasting(error, problem))
      ledger.remember(nameRefusal(plan), { refusedMs: tickMs, problem });
    return undefined;
  }
}

function nameRefusal({ name }: { readonly name: string }): string {
  return `${name} refused`;
}

/** Whether it was refused after `sinceMs`, and has not been read since. */
function isResting({ refusedMs }: Refusal, last: Memory<unknown> | undefined, sinceMs: number): boolean {
  return refusedMs > Math.max(sinceMs, last?.readMs ?? 0);
}

/** A permission, a product or an address that is not there; a limit passes by itself and has times of its own. */
function isLasting(error: unknown, { kind }: Problem): boolean {
  return error instanceof HttpStatusError && [403, 404, 410].includes(error.status) && kind !== 'rate-limited';
}

function describeRest({ refusedMs, problem }: Refusal, everyMs: number): Problem {
  const again = new Date(refusedMs + everyMs).toISOString();
  return { ...problem, message: `${problem.message}; it is asked again at ${again}` };
}
