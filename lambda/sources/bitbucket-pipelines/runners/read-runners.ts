/** Reads the lists of runners that are configured, and remembers their figures until the next reading. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import { append } from '../../../model/lists/append.ts';
import { type ApiContext, listPages, buildRepositoryPath } from '../api/client.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import { scopeOf } from '../runs/repository.ts';
import { computeRunnersInterval } from '../../../crawl/intervals.ts';
import { type RunnerLevel, groupRunners, RunnerLevels, type ScopedRunner, hasKnownWork } from './runner-levels.ts';
import { parseElements, RunnerRecord } from '../api/schema.ts';
import { minuteMs } from '../../../model/time.ts';

export interface RunnersReading {
  readonly levels: readonly RunnerLevel[];
  /** Absent until a workspace has told who works. */
  readonly busyPeak?: number | undefined;
}

export interface RunnersContext {
  readonly api: ApiContext;
  readonly workspace: string;
  readonly isWorkspaceRead: boolean;
  readonly countUnreadable: (count: number) => void;
  /** Told once, however many lists were refused. */
  readonly reportError: (error: OneListError) => void;
}

/** Every runner list that is configured; one that is refused costs only its own runners. @throws HttpError, BudgetSpentError */
export async function readRunners(
  repositories: readonly Pick<Repository, 'id' | 'slug'>[],
  context: RunnersContext,
): Promise<readonly ScopedRunner[]> {
  const runners: ScopedRunner[] = [];
  let firstError: OneListError | undefined;
  for (const list of buildRunnerLists(repositories, context)) {
    try {
      append(runners, await readRunnerList(list, context));
    } catch (error) {
      if (!isOfOneList(error)) throw error;
      // As a repository without pipelines answers; where there is no workspace, its repositories are not found either.
      if (list.isOfRepository && error instanceof HttpStatusError && error.status === 404) continue;
      firstError ??= error;
    }
  }
  if (firstError !== undefined) context.reportError(firstError);
  return runners;
}

type OneListError = HttpStatusError | BadResponseError;

/** Refused credentials and spent requests are refused everywhere, and what does not answer would not answer the next. */
function isOfOneList(error: unknown): error is OneListError {
  if (error instanceof BadResponseError) return true;
  return error instanceof HttpStatusError && error.status !== 401 && error.status !== 429;
}

interface RunnerList {
  readonly scope: string;
  readonly path: string;
  readonly isOfRepository: boolean;
}

function buildRunnerLists(
  repositories: readonly Pick<Repository, 'id' | 'slug'>[],
  { workspace, isWorkspaceRead }: RunnersContext,
): readonly RunnerList[] {
  const path = `/workspaces/${encodeURIComponent(workspace)}/pipelines-config/runners`;
  return [
    ...(isWorkspaceRead ? [{ scope: workspace, path, isOfRepository: false }] : []),
    ...repositories.map((repository) => ({
      scope: scopeOf(repository),
      path: `${buildRepositoryPath(workspace, repository.id)}/pipelines-config/runners`,
      isOfRepository: true,
    })),
  ];
}

async function readRunnerList(
  { scope, path }: RunnerList,
  { api, countUnreadable }: RunnersContext,
): Promise<readonly ScopedRunner[]> {
  // By uuid: pages move while they are read, and a runner may stand on two of them.
  const runners = new Map<string, ScopedRunner>();
  for await (const values of listPages(api, { path, parameters: { pagelen: '100' } })) {
    const { items, unreadable: count } = parseElements(values, RunnerRecord);
    countUnreadable(count);
    for (const runner of items) runners.set(runner.uuid, { scope, runner });
  }
  return [...runners.values()];
}

/** Figures that are older are not shown, because an autoscaler may use them. */
const longestShownMs = 5 * minuteMs;

const Memory = z.object({
  readMs: z.number(),
  requests: z.number(),
  levels: RunnerLevels,
  isWorkTold: z.boolean(),
  /** `2026-01` */
  month: z.string(),
  busyPeak: z.number(),
});
type Memory = z.infer<typeof Memory>;

const name = 'runners';

/** Runner figures between two readings, and the most that were busy in this month. */
export interface RunnerMemory {
  isDue(perHour: number): boolean;
  remember(runners: readonly ScopedRunner[], requests: number): RunnersReading;
  /** Absent when they are too old. */
  recall(perHour: number): RunnersReading | undefined;
}

export function openRunnerMemory(ledger: Ledger): RunnerMemory {
  const { tickMs } = ledger;
  const memory = ledger.recall(name, Memory);
  const computeInterval = (perHour: number): number => computeRunnersInterval(memory?.requests ?? 1, perHour);
  return {
    isDue: (perHour) => memory === undefined || tickMs - memory.readMs >= computeInterval(perHour),
    remember: (runners, requests) => {
      const isWorkTold = memory?.isWorkTold === true || hasKnownWork(runners);
      const levels = groupRunners(runners, isWorkTold);
      const month = new Date(tickMs).toISOString().slice(0, 7);
      const busy = levels.reduce((sum, level) => sum + (level.busy ?? 0), 0);
      const busyPeak = Math.max(busy, memory?.month === month ? memory.busyPeak : 0);
      const next: Memory = { readMs: tickMs, requests, levels: [...levels], isWorkTold, month, busyPeak };
      ledger.remember(name, next);
      return buildReading(next);
    },
    recall: (perHour) => {
      if (memory === undefined) return undefined;
      const shownMs = Math.max(longestShownMs, 2 * computeInterval(perHour));
      return tickMs - memory.readMs <= shownMs ? buildReading(memory) : undefined;
    },
  };
}

function buildReading({ levels, isWorkTold, busyPeak }: Memory): RunnersReading {
  return { levels, ...(isWorkTold ? { busyPeak } : {}) };
}
