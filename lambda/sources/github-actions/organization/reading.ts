/** Remembers what was read of the organization until it is read again, and for how long it is shown. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import { computeRunnersInterval } from '../../../crawl/intervals.ts';
import type { TickBudget } from '../../../crawl/tick-budget.ts';
import { minuteMs } from '../../../model/time.ts';

/** Something that is read at fixed times, whatever goes on. */
export interface ReadingPlan<Value> {
  /** Under which it is remembered. */
  readonly name: string;
  readonly schema: z.ZodType<Value>;
  /** At least so long lies between two readings; more where they would cost too large a part of the budget. Milliseconds. */
  readonly leastEveryMs: number;
  /** @throws HttpError, BudgetSpentError */
  readonly read: () => Promise<Value>;
  /** Told of what has failed. */
  readonly onError: (error: unknown) => void;
}

/** Figures that are older are not shown, because an autoscaler may use them. */
const leastShownMs = 5 * minuteMs;

/** Reads when it is due and a request may succeed. @returns undefined where nothing is known, or it is too old */
export async function readWhenDue<Value>(
  plan: ReadingPlan<Value>,
  { ledger, budget, canAsk }: { readonly ledger: Ledger; readonly budget: TickBudget; readonly canAsk: boolean },
): Promise<Value | undefined> {
  const Memory = z.object({ readMs: z.number(), requests: z.number(), value: plan.schema });
  const { tickMs } = ledger;
  const memory = ledger.recall(plan.name, Memory);
  const everyMs = Math.max(plan.leastEveryMs, computeRunnersInterval(memory?.requests ?? 1, budget.perHour));
  const recall = (): Value | undefined =>
    memory !== undefined && tickMs - memory.readMs <= Math.max(leastShownMs, 2 * everyMs) ? memory.value : undefined;
  if (memory !== undefined && tickMs - memory.readMs < everyMs) return recall();
  if (!canAsk) return undefined;
  const before = budget.countLeft();
  try {
    const value = await plan.read();
    ledger.remember(plan.name, { readMs: tickMs, requests: before - budget.countLeft(), value });
    return value;
  } catch (error) {
    if (error instanceof BudgetSpentError) return recall();
    plan.onError(error);
    return undefined;
  }
}
