/** Lists the open builds, piece by piece where their jobs are too many for one run, and finds the jobs in them that wait. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { buildCreatedToFilter } from './list-builds.ts';
import type { ListResult } from '../user-api/list-result.ts';
import type { Build } from '../user-api/rest-schema.ts';
import type { Query } from '../user-api/client.ts';
import { parseTime } from '../user-api/times.ts';
import { findQueueId, type NameLookup } from '../queues/queue-names.ts';
import type { WaitingJob } from '../queues/read-backlog.ts';
import type { BuildLists } from '../builds/count-builds.ts';

/** What is not finished. Blocked builds are left out: they wait for people, and many of them for ever. */
export const activeFilters: Query = ['creating', 'scheduled', 'running', 'failing', 'canceling'].map((state) => [
  'state[]',
  state,
]);

export interface OpenBuilds {
  /** All open builds; those of which this run has read the jobs have them. */
  readonly builds: ListResult<readonly Build[]>;
  /** Every job that ended before has been seen; undefined while some are still to be read. Epoch milliseconds. */
  readonly jobsSeenUntilMs: number | undefined;
}

export interface ListRequest {
  readonly filters: Query;
  readonly jobs: 'read' | 'skip';
  readonly maxPages: number;
}

export type ReadOpenList = (request: ListRequest) => Promise<ListResult<readonly Build[]>>;

/** A page has 30 builds with jobs: 600 builds, which leaves requests of the 50 of a minute for what has finished. */
const maxPagesWithJobs = 20;
/** A page has 100 builds without jobs: 2,000 builds. */
const maxPagesWithoutJobs = 20;
/** Beside the list without jobs: 360 builds a run. */
const maxPagesOfPiece = 12;

/** Where the jobs of open builds were cut short. */
const Cursor = z.object({
  /** When the first piece was read. Epoch milliseconds. */
  sinceMs: z.number(),
  /** The oldest build of the last piece. As Buildkite writes it. */
  oldest: z.string(),
});

const cursorName = 'open-cursor';

type CursorLedger = Pick<Ledger, 'recall' | 'remember' | 'tickMs'>;

export async function readOpenBuilds(
  ledger: CursorLedger | undefined,
  jobs: 'read' | 'skip',
  read: ReadOpenList,
): Promise<OpenBuilds> {
  const alone = { filters: activeFilters, jobs: 'skip', maxPages: maxPagesWithoutJobs } as const;
  if (jobs === 'skip') return { builds: await read(alone), jobsSeenUntilMs: undefined };
  const cursor = ledger?.recall(cursorName, Cursor);
  if (ledger !== undefined && cursor !== undefined) return await resumeList(ledger, cursor, read, alone);
  return await beginList(ledger, read, alone);
}

async function beginList(
  ledger: CursorLedger | undefined,
  read: ReadOpenList,
  alone: ListRequest,
): Promise<OpenBuilds> {
  const all = await read({ filters: activeFilters, jobs: 'read', maxPages: maxPagesWithJobs });
  if (all.isComplete) return { builds: all, jobsSeenUntilMs: ledger?.tickMs };
  // What failed is not made up for by more requests.
  if (all.problem !== undefined || all.oldest === undefined) return { builds: all, jobsSeenUntilMs: undefined };
  ledger?.remember(cursorName, { sinceMs: ledger.tickMs, oldest: all.oldest } satisfies z.infer<typeof Cursor>);
  return { builds: mergeJobs(all, await read(alone)), jobsSeenUntilMs: undefined };
}

/** What has come since the first piece has no job that ended before it. */
async function resumeList(
  ledger: CursorLedger,
  { sinceMs, oldest }: z.infer<typeof Cursor>,
  read: ReadOpenList,
  alone: ListRequest,
): Promise<OpenBuilds> {
  const builds = await read(alone);
  const filters = [...activeFilters, buildCreatedToFilter(oldest)];
  const piece = await read({ filters, jobs: 'read', maxPages: maxPagesOfPiece });
  // The next run begins with the newest builds again.
  ledger.remember(cursorName, piece.isComplete ? null : { sinceMs, oldest: piece.oldest ?? oldest });
  return { builds: mergeJobs(piece, builds), jobsSeenUntilMs: piece.isComplete ? sinceMs : undefined };
}

function mergeJobs(
  piece: ListResult<readonly Build[]>,
  builds: ListResult<readonly Build[]>,
): ListResult<readonly Build[]> {
  const read = new Map(piece.value.map((build) => [build.id, build]));
  const value = builds.value.map((build) => read.get(build.id) ?? build);
  return { ...builds, value, unreadable: builds.unreadable + piece.unreadable };
}

/** Jobs that could run and do not; REST calls limited ones scheduled too, but these have no `runnable_at`. */
export function findWaitingJobs(
  { active }: Pick<BuildLists, 'active'>,
  names: NameLookup,
): readonly WaitingJob[] | undefined {
  if (active?.isComplete !== true) return undefined;
  const jobs = active.value
    .flatMap((build) => build.jobs.readable)
    .filter(({ state, started_at, runnable_at }) => {
      return (
        state.toLowerCase() === 'scheduled' &&
        parseTime(started_at) === undefined &&
        parseTime(runnable_at) !== undefined
      );
    });
  const waiting = jobs.map((job) => ({ queueId: findQueueId(job, names), runnableMs: parseTime(job.runnable_at) }));
  // A job of an unknown queue could be the oldest of any queue.
  if (waiting.some(({ queueId }) => queueId === undefined)) return undefined;
  return waiting.flatMap(({ queueId, runnableMs }) =>
    queueId === undefined ? [] : [{ ...queueId, state: 'queued' as const, runnableMs }],
  );
}
