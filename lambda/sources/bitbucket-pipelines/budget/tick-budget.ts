import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { quotaOf } from '../../../http/answers/rate-limit-headers.ts';
import { blockMs, burstMs, hourMs, refilled, requestsPerWindow, spareOf, usualRequestsPerHour } from './rate.ts';

type Headers = Readonly<Record<string, string>>;

/** The requests of one tick. */
export interface CrawlBudget {
  readonly perHour: number;
  /** Whether Bitbucket has refused in an earlier tick, and is still left alone. */
  readonly wasBlocked: boolean;
  /** False when the tick has none left; then the part is left out, which is no fault. */
  take(): boolean;
  left(): number;
  /** What may go to something that is not due. */
  spare(): number;
  saw(headers: Headers): void;
  /** Bitbucket refused (429): this credential rests until the time it names, or longer with each refusal in an hour. */
  refused(retryAtMs: number | undefined): void;
  /** To be called once, at the end of the tick. */
  save(): void;
}

const Memory = z.object({
  tokens: z.number(),
  atMs: z.number(),
  /** As Bitbucket tells it. */
  limit: z.number().optional(),
  /** When Bitbucket warned last. Epoch milliseconds. */
  nearMs: z.number().optional(),
});
type Memory = z.infer<typeof Memory>;

const name = 'budget';

export function crawlBudget(ledger: Ledger, configured: number | undefined): CrawlBudget {
  const { tickMs } = ledger;
  const memory = ledger.recall(name, Memory);
  const perHour = configured ?? memory?.limit ?? usualRequestsPerHour;
  const quota = ledger.quota('requests', { requests: requestsPerWindow(perHour), windowMs: burstMs });
  const refusals = refusalsOf(ledger);
  const bucket = refilled(memory, perHour, tickMs);
  const most = bucket.tokens * paceOf(memory, tickMs);
  const wasBlocked = refusals.isBlocked();
  let isBlocked = wasBlocked;
  let used = 0;
  let { limit, nearMs } = memory ?? {};

  const saw = (headers: Headers): void => {
    limit = limitOf(headers) ?? limit;
    if (headers['x-ratelimit-nearlimit']?.toLowerCase() === 'true') nearMs = tickMs;
    const told = quotaOf(headers, tickMs);
    if (told?.resetAtMs !== undefined) quota.observe({ remaining: told.remaining, resetMs: told.resetAtMs });
  };
  const left = (): number => (isBlocked ? 0 : Math.min(Math.floor(most - used), quota.remaining()));
  return {
    perHour,
    wasBlocked,
    take: () => {
      if (left() < 1 || !quota.take()) return false;
      used += 1;
      return true;
    },
    left,
    spare: () => Math.min(left(), spareOf(most - used, perHour)),
    saw,
    refused: (retryAtMs) => {
      // Several were under way when the first was refused.
      if (!isBlocked) refusals.add(retryAtMs);
      isBlocked = true;
    },
    save: () => {
      ledger.remember(name, { tokens: bucket.tokens - used, atMs: bucket.atMs, limit, nearMs });
    },
  };
}

/** After Bitbucket has warned that less than a fifth is left, half the pace for this long. */
const nearForMs = 15 * 60_000;

function paceOf(memory: Memory | undefined, tickMs: number): number {
  return memory?.nearMs !== undefined && tickMs - memory.nearMs < nearForMs ? 0.5 : 1;
}

interface Refusals {
  isBlocked(): boolean;
  add(retryAtMs: number | undefined): void;
}

/** More than there can be in an hour. */
const manyRefusals = 1000;

/** Kept as quotas, because those outlive a tick that gave nothing: the very tick in which Bitbucket refuses. */
function refusalsOf(ledger: Ledger): Refusals {
  const { tickMs } = ledger;
  const inAnHour = ledger.quota('refusals', { requests: manyRefusals, windowMs: hourMs });
  const block = ledger.quota('block', { requests: manyRefusals, windowMs: hourMs });
  return {
    isBlocked: () => block.remaining() === 0,
    add: (retryAtMs) => {
      inAnHour.take();
      const resetMs = retryAtMs ?? tickMs + blockMs(manyRefusals - inAnHour.remaining());
      block.observe({ remaining: 0, resetMs });
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
