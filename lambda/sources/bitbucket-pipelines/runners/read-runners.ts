import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import { append } from '../../../model/lists/append.ts';
import { type ApiContext, askPages, repositoryPath } from '../api/client.ts';
import type { Repository } from '../visits/remembered.ts';
import { scopeOf } from '../runs/repository.ts';
import { minuteMs, runnersEveryMs } from '../budget/intervals.ts';
import { type RunnerLevel, runnerLevels, RunnerLevels, type ScopedRunner, tellsWork } from './runner-levels.ts';
import { elementsOf, RunnerRecord } from '../api/schema.ts';

export interface RunnersRead {
  readonly levels: readonly RunnerLevel[];
  /** Absent until a workspace has told who works. */
  readonly busyPeak?: number | undefined;
}

export interface RunnersContext {
  readonly api: ApiContext;
  readonly workspace: string;
  readonly isWorkspaceRead: boolean;
  readonly unreadable: (count: number) => void;
  /** Told once, however many lists were refused. */
  readonly failed: (error: OneListError) => void;
}

/** Every runner list that is configured; one that is refused costs only its own runners. @throws HttpError, BudgetSpentError */
export async function readRunners(
  repositories: readonly Pick<Repository, 'id' | 'slug'>[],
  context: RunnersContext,
): Promise<readonly ScopedRunner[]> {
  const runners: ScopedRunner[] = [];
  let failure: OneListError | undefined;
  for (const list of listsOf(repositories, context)) {
    try {
      append(runners, await readList(list, context));
    } catch (error) {
      if (!isOfOneList(error)) throw error;
      // As a repository without pipelines answers; where there is no workspace, its repositories are not found either.
      if (list.isOfRepository && error instanceof HttpStatusError && error.status === 404) continue;
      failure ??= error;
    }
  }
  if (failure !== undefined) context.failed(failure);
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

function listsOf(
  repositories: readonly Pick<Repository, 'id' | 'slug'>[],
  { workspace, isWorkspaceRead }: RunnersContext,
): readonly RunnerList[] {
  const path = `/workspaces/${encodeURIComponent(workspace)}/pipelines-config/runners`;
  return [
    ...(isWorkspaceRead ? [{ scope: workspace, path, isOfRepository: false }] : []),
    ...repositories.map((repository) => ({
      scope: scopeOf(repository),
      path: `${repositoryPath(workspace, repository.id)}/pipelines-config/runners`,
      isOfRepository: true,
    })),
  ];
}

async function readList(
  { scope, path }: RunnerList,
  { api, unreadable }: RunnersContext,
): Promise<readonly ScopedRunner[]> {
  // By uuid: pages move while they are read, and a runner may stand on two of them.
  const runners = new Map<string, ScopedRunner>();
  for await (const values of askPages(api, { path, parameters: { pagelen: '100' } })) {
    const { items, unreadable: count } = elementsOf(values, RunnerRecord);
    unreadable(count);
    for (const runner of items) runners.set(runner.uuid, { scope, runner });
  }
  return [...runners.values()];
}

/** Figures that are older are not shown: somebody may scale by them. */
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
  learnt(runners: readonly ScopedRunner[], requests: number): RunnersRead;
  /** Absent when they are too old. */
  known(perHour: number): RunnersRead | undefined;
}

export function runnerMemory(ledger: Ledger): RunnerMemory {
  const { tickMs } = ledger;
  const memory = ledger.recall(name, Memory);
  const everyMs = (perHour: number): number => runnersEveryMs(memory?.requests ?? 1, perHour);
  return {
    isDue: (perHour) => memory === undefined || tickMs - memory.readMs >= everyMs(perHour),
    learnt: (runners, requests) => {
      const isWorkTold = memory?.isWorkTold === true || tellsWork(runners);
      const levels = runnerLevels(runners, isWorkTold);
      const month = new Date(tickMs).toISOString().slice(0, 7);
      const busy = levels.reduce((sum, level) => sum + (level.busy ?? 0), 0);
      const busyPeak = Math.max(busy, memory?.month === month ? memory.busyPeak : 0);
      const next: Memory = { readMs: tickMs, requests, levels: [...levels], isWorkTold, month, busyPeak };
      ledger.remember(name, next);
      return readOf(next);
    },
    known: (perHour) => {
      if (memory === undefined) return undefined;
      const shownMs = Math.max(longestShownMs, 2 * everyMs(perHour));
      return tickMs - memory.readMs <= shownMs ? readOf(memory) : undefined;
    },
  };
}

function readOf({ levels, isWorkTold, busyPeak }: Memory): RunnersRead {
  return { levels, ...(isWorkTold ? { busyPeak } : {}) };
}
