import * as z from 'zod';
import type { Ledger } from '../../counters/ledger.ts';
import { quotaOf } from '../../http/quota.ts';
import { blockMs, burstMs, refilled, requestsPerWindow, spareOf, usualRequestsPerHour } from './budget.ts';

type Headers = Readonly<Record<string, string>>;

/** The requests of one tick. */
export interface CrawlBudget {
  readonly perHour: number;
  /** False when the tick has none left; then the part is left out, which is no fault. */
  take(): boolean;
  left(): number;
  /** What may go to something that is not due. */
  spare(): number;
  /** Until when Bitbucket is left alone, by a refusal in an earlier tick. Epoch milliseconds. */
  readonly blockedUntilMs: number | undefined;
  saw(headers: Headers): void;
  /** Bitbucket refused (429): this credential rests, longer with each refusal in a row. */
  refused(retryAtMs: number | undefined): void;
  /** To be called once, at the end of the tick. */
  save(): void;
}

const Memory = z.object({
  tokens: z.number(),
  atMs: z.number(),
  /** As Bitbucket tells it. */
  limit: z.number().optional(),
  nearMs: z.number().optional(),
  refusals: z.number().default(0),
  blockedMs: z.number().optional(),
});

/** After Bitbucket has warned that less than a fifth is left, half the pace for this long. */
const nearForMs = 15 * 60_000;

const name = 'budget';

export function crawlBudget(
  ledger: Ledger,
  { tickMs, configured }: { readonly tickMs: number; readonly configured: number | undefined },
): CrawlBudget {
  const memory = ledger.recall(name, Memory);
  const perHour = configured ?? memory?.limit ?? usualRequestsPerHour;
  const quota = ledger.quota('requests', { requests: requestsPerWindow(perHour), windowMs: burstMs });
  const bucket = refilled(memory, perHour, tickMs);
  const isNear = memory?.nearMs !== undefined && tickMs - memory.nearMs < nearForMs;
  const most = isNear ? bucket.tokens / 2 : bucket.tokens;
  let used = 0;
  let limit = memory?.limit;
  let nearMs = memory?.nearMs;
  let refusals = memory?.refusals ?? 0;
  let blockedMs = memory?.blockedMs;
  const blockedUntilMs = blockedMs !== undefined && blockedMs > tickMs ? blockedMs : undefined;
  let isBlocked = blockedUntilMs !== undefined;
  let isAnswered = false;

  const left = (): number => (isBlocked ? 0 : Math.min(Math.floor(most - used), quota.remaining()));
  return {
    perHour,
    take: () => {
      if (left() < 1 || !quota.take()) return false;
      used += 1;
      return true;
    },
    left,
    spare: () => Math.min(left(), spareOf(most - used, perHour)),
    blockedUntilMs,
    saw: (headers) => {
      isAnswered = true;
      limit = limitOf(headers) ?? limit;
      if (headers['x-ratelimit-nearlimit']?.toLowerCase() === 'true') nearMs = tickMs;
      const told = quotaOf(headers, tickMs);
      if (told?.resetAtMs !== undefined) quota.observe({ remaining: told.remaining, resetMs: told.resetAtMs });
    },
    refused: (retryAtMs) => {
      // Several were under way when the first was refused.
      if (!isBlocked) refusals += 1;
      isBlocked = true;
      blockedMs = Math.max(retryAtMs ?? 0, tickMs + blockMs(refusals));
      quota.observe({ remaining: 0, resetMs: blockedMs });
    },
    save: () => {
      const calm = isAnswered && !isBlocked ? 0 : refusals;
      ledger.remember(name, {
        tokens: bucket.tokens - used,
        atMs: bucket.atMs,
        limit,
        nearMs,
        refusals: calm,
        blockedMs,
      });
    },
  };
}

/** Less than this is told to somebody without a credential, and more to nobody. */
const plausible = { least: 100, most: 10_000 } as const;

/** `1000, 1000;w=3600` is 1000. */
function limitOf(headers: Headers): number | undefined {
  const limit = Number(/^\s*(\d+)/.exec(headers['x-ratelimit-limit'] ?? '')?.[1]);
  return limit >= plausible.least && limit <= plausible.most ? limit : undefined;
}
