/** What is remembered between ticks of each repository, of each open run, and of the lists that are read in turn. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { hotMs } from '../../../crawl/intervals.ts';
import { countOpen, type OpenRunState, OpenRunStates } from '../runs/open-run.ts';
import type { Repository } from '../runs/repository.ts';

/** Times in seconds and no names: there may be thousands, and they are written each tick. */
const Rows = z.array(
  z.tuple([
    z.string(),
    z.string(),
    z.string(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    // Absent for most.
    z.number().optional(),
  ]),
);
type Row = z.infer<typeof Rows>[number];

const Rhythm = z.object({
  discoveredMs: z.number(),
  /** Where a pass over the list of repositories that did not end goes on: the first page that was not read. */
  page: z.number().optional(),
  pass: z.number(),
  probedMs: z.number(),
  /** Since when a large part of the repositories is not to be seen any more. */
  lostMs: z.number().optional(),
});
/** What goes on beside the repositories. Epoch milliseconds; 0 is never. */
export type Rhythm = Readonly<z.infer<typeof Rhythm>>;

export interface Remembered {
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly open: readonly OpenRunState[];
  readonly rhythm: Rhythm;
}

export function recallCrawl(ledger: Ledger): Remembered {
  const rows = ledger.recall('repositories', Rows) ?? [];
  const open = ledger.recall('open', OpenRunStates) ?? [];
  const byRepository = Map.groupBy(open, ({ repository }) => repository);
  return {
    repositories: new Map(
      rows.map((row) => [
        row[0],
        limitTimes(decodeRow(row, byRepository.get(row[0]) ?? [], ledger.tickMs), ledger.tickMs),
      ]),
    ),
    open,
    rhythm: ledger.recall('rhythm', Rhythm) ?? { discoveredMs: 0, pass: 0, probedMs: 0 },
  };
}

export function rememberCrawl(ledger: Ledger, { repositories, open, rhythm }: Remembered): void {
  ledger.remember('repositories', [...repositories.values()].map(encodeRow));
  ledger.remember('open', open);
  ledger.remember('rhythm', rhythm);
}

const pipelinesCodes = ['unknown', 'some', 'none', 'empty'] as const;

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function encodeRow(repository: Repository): Row {
  const { id, fullName, defaultBranch, visitedMs, ranMs, hotUntilMs, toldMs, unseenMs, pass, pipelines, hintedMs } =
    repository;
  const row: Row = [
    id,
    fullName,
    defaultBranch,
    toSeconds(visitedMs),
    toSeconds(ranMs),
    toSeconds(hotUntilMs),
    toSeconds(toldMs),
    toSeconds(unseenMs),
    pass,
    pipelinesCodes.indexOf(pipelines),
  ];
  if (hintedMs !== undefined) row.push(toSeconds(hintedMs));
  return row;
}

function decodeRow(row: Row, open: readonly OpenRunState[], tickMs: number): Repository {
  const [id, fullName, defaultBranch, visited, ran, hot, told, unseen, pass, pipelines, hinted] = row;
  return {
    id,
    fullName,
    defaultBranch,
    visitedMs: visited * 1000,
    ranMs: ran * 1000,
    hotUntilMs: hot * 1000,
    toldMs: told * 1000,
    unseenMs: unseen * 1000,
    hintedMs: hinted === undefined ? undefined : hinted * 1000,
    pass,
    pipelines: pipelinesCodes[pipelines] ?? 'unknown',
    open: countOpen(open, tickMs),
  };
}

/** What a run whose clock was ahead has noted would not be asked for until that time had come. */
function limitTimes(repository: Repository, tickMs: number): Repository {
  const { visitedMs, ranMs, hotUntilMs, toldMs } = repository;
  return {
    ...repository,
    visitedMs: Math.min(visitedMs, tickMs),
    ranMs: Math.min(ranMs, tickMs),
    hotUntilMs: Math.min(hotUntilMs, tickMs + hotMs),
    toldMs: Math.min(toldMs, tickMs),
  };
}
