/** The requests that one tick may still send, and how long the CI system is left alone after it has refused. */
import * as z from 'zod';
import type { Ledger } from '../counters/ledger.ts';
import { parseRateLimit } from '../http/answers/rate-limit-headers.ts';
import { computeBlockMs, burstMs, refill, computeRequestsPerWindow, computeSpare } from './rate.ts';
import { minuteMs, hourMs } from '../model/time.ts';

type Headers = Readonly<Record<string, string>>;

/** What the CI system says of its limits. */
export interface BudgetRules {
  /** Requests that every credential may send in an hour, where neither an answer nor the operator tells more. */
  readonly usualPerHour: number;
  /** Limits an hour that an answer may tell; what is outside is not that of this credential. */
  readonly plausible: { readonly least: number; readonly most: number };
  /** Of the limit that an answer tells, what is left to others when the remaining requests come down to it. 0 to 1. */
  readonly reservedShare: number;
}

export interface BudgetOptions extends BudgetRules {
  /** What the operator says that the credential may send in an hour. */
  readonly configured: number | undefined;
}

/** The requests of one tick. */
export interface TickBudget {
  readonly perHour: number;
  /** Whether the CI system has refused in an earlier tick, and is still left alone. */
  readonly wasBlocked: boolean;
  /** False when the tick has none left; then the part is left out, which is no problem. */
  take(): boolean;
  countLeft(): number;
  /** What may go to something that is not due. */
  spare(): number;
  noteHeaders(headers: Headers): void;
  /** The CI system refused: this credential rests until the time it names, or longer with each refusal in an hour. */
  noteRefusal(retryAtMs: number | undefined): void;
  /** To be called once, at the end of the tick. */
  save(): void;
}

const Memory = z.object({
  tokens: z.number(),
  atMs: z.number(),
  /** As the CI system tells it. */
  limit: z.number().optional(),
  /** When the CI system warned last. Epoch milliseconds. */
  nearMs: z.number().optional(),
});
type Memory = z.infer<typeof Memory>;

const name = 'budget';

export function openTickBudget(ledger: Ledger, options: BudgetOptions): TickBudget {
  const { configured, usualPerHour, plausible, reservedShare } = options;
  const { tickMs } = ledger;
  const memory = ledger.recall(name, Memory);
  const perHour = configured ?? memory?.limit ?? usualPerHour;
  const quota = ledger.openBudget('requests', { requests: computeRequestsPerWindow(perHour), windowMs: burstMs });
  const refusals = openRefusals(ledger);
  const bucket = refill(memory, perHour, tickMs);
  const most = bucket.tokens * choosePace(memory, tickMs);
  const wasBlocked = refusals.isBlocked();
  let isBlocked = wasBlocked;
  let used = 0;
  let { limit, nearMs } = memory ?? {};

  const noteHeaders = (headers: Headers): void => {
    limit = parseLimit(headers, plausible) ?? limit;
    if (headers['x-ratelimit-nearlimit']?.toLowerCase() === 'true') nearMs = tickMs;
    const rateLimit = parseRateLimit(headers, tickMs);
    if (rateLimit?.resetAtMs !== undefined)
      quota.noteRateLimit({
        remaining: Math.max(0, rateLimit.remaining - Math.floor((rateLimit.limit ?? 0) * reservedShare)),
        resetMs: rateLimit.resetAtMs,
      });
  };
  const countLeft = (): number => (isBlocked ? 0 : Math.min(Math.floor(most - used), quota.remaining()));
  return {
    perHour,
    wasBlocked,
    take: () => {
      if (countLeft() < 1 || !quota.take()) return false;
      used += 1;
      return true;
    },
    countLeft,
    spare: () => Math.min(countLeft(), computeSpare(most - used, perHour)),
    noteHeaders,
    noteRefusal: (retryAtMs) => {
      // Several were under way when the first was refused.
      if (!isBlocked) refusals.add(retryAtMs);
      isBlocked = true;
    },
    save: () => {
      ledger.remember(name, { tokens: bucket.tokens - used, atMs: bucket.atMs, limit, nearMs });
    },
  };
}

/** After the CI system has warned that less than a fifth is left, half the pace for this long. */
const nearForMs = 15 * minuteMs;

function choosePace(memory: Memory | undefined, tickMs: number): number {
  return memory?.nearMs !== undefined && tickMs - memory.nearMs < nearForMs ? 0.5 : 1;
}

interface Refusals {
  isBlocked(): boolean;
  add(retryAtMs: number | undefined): void;
}

/** More than there can be in an hour. */
const manyRefusals = 1000;

/** Kept as quotas, because those outlive a tick that gave nothing: the very tick in which the CI system refuses. */
function openRefusals(ledger: Ledger): Refusals {
  const { tickMs } = ledger;
  const inAnHour = ledger.openBudget('refusals', { requests: manyRefusals, windowMs: hourMs });
  const block = ledger.openBudget('block', { requests: manyRefusals, windowMs: hourMs });
  return {
    isBlocked: () => block.remaining() === 0,
    add: (retryAtMs) => {
      inAnHour.take();
      const resetMs = retryAtMs ?? tickMs + computeBlockMs(manyRefusals - inAnHour.remaining());
      block.noteRateLimit({ remaining: 0, resetMs });
    },
  };
}

/** `1000, 1000;w=3600` is 1000. */
function parseLimit(headers: Headers, plausible: BudgetRules['plausible']): number | undefined {
  const limit = Number(/^\s*(\d+)/.exec(headers['x-ratelimit-limit'] ?? '')?.[1]);
  return limit >= plausible.least && limit <= plausible.most ? limit : undefined;
}
