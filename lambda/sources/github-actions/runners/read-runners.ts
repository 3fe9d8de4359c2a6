/** Reads the self-hosted runners of the organization, and remembers their figures until the next reading. */
import * as z from 'zod';
import { minuteMs } from '../../../model/time.ts';
import { computeRunnersInterval } from '../../../crawl/intervals.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { type ApiContext, listPages } from '../api/client.ts';
import { parseElements, RunnerRecord, runnersFrame } from '../api/schema.ts';
import type { QueueNames } from '../jobs/queue-names.ts';
import { groupRunners, type RunnerGroup, RunnerGroups } from './group-runners.ts';

/** 10,000 runners, the most that an organization can have (GitHub docs, "Actions limits"). */
const maxPages = 100;

export interface RunnersContext {
  readonly api: ApiContext;
  readonly organization: string;
  readonly names: QueueNames;
  readonly countUnreadable: (count: number) => void;
  readonly report: (kind: 'rate-limited', message: string) => void;
}

/** @throws HttpError, BudgetSpentError */
export async function readRunners(context: RunnersContext): Promise<readonly RunnerGroup[]> {
  const path = `/orgs/${encodeURIComponent(context.organization)}/actions/runners`;
  const { rows, isCut } = await listPages(context.api, { path, frame: runnersFrame, mostPages: maxPages });
  const { items, unreadable: count } = parseElements(rows, RunnerRecord);
  context.countUnreadable(count);
  if (isCut)
    context.report(
      'rate-limited',
      `read ${String(rows.length)} runners of the organization; it has more, which are left out`,
    );
  // By id: pages move while they are read, since an ephemeral runner is gone after its job.
  return groupRunners([...new Map(items.map((runner) => [runner.id, runner])).values()], context.names);
}

/** Figures that are older are not shown, because an autoscaler may use them. */
const longestShownMs = 5 * minuteMs;

const Memory = z.object({ readMs: z.number(), requests: z.number(), groups: RunnerGroups });
type Memory = z.infer<typeof Memory>;

const name = 'runners';

/** Figures of runners between two readings. */
export interface RunnerMemory {
  isDue(perHour: number): boolean;
  remember(groups: readonly RunnerGroup[], requests: number): void;
  /** Absent when they are too old. */
  recall(perHour: number): readonly RunnerGroup[] | undefined;
}

export function openRunnerMemory(ledger: Ledger): RunnerMemory {
  const { tickMs } = ledger;
  const memory = ledger.recall(name, Memory);
  const computeInterval = (perHour: number): number => computeRunnersInterval(memory?.requests ?? 1, perHour);
  return {
    isDue: (perHour) => memory === undefined || tickMs - memory.readMs >= computeInterval(perHour),
    remember: (groups, requests) => {
      const next: Memory = { readMs: tickMs, requests, groups: [...groups] };
      ledger.remember(name, next);
    },
    recall: (perHour) => {
      if (memory === undefined) return undefined;
      const shownMs = Math.max(longestShownMs, 2 * computeInterval(perHour));
      return tickMs - memory.readMs <= shownMs ? memory.groups : undefined;
    },
  };
}
