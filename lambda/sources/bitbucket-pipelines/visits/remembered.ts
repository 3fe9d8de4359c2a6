/** What is remembered between ticks of each repository, of each open run, and of the lists that are read in turn. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { countOpen, type OpenState, OpenStates } from '../runs/open-state.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import { hotMs } from '../../../crawl/intervals.ts';

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

const pipelinesCodes = ['unknown', 'some', 'none', 'empty'] as const;

/** What goes on beside the repositories. Epoch milliseconds; 0 is never. */
export interface Rhythm {
  readonly discoveredMs: number;
  /** Where a pass over the list of repositories that did not end goes on: the first page that was not read. */
  readonly page?: number | undefined;
  readonly pass: number;
  readonly probedMs: number;
}

const Rhythm = z.object({
  discoveredMs: z.number(),
  page: z.number().optional(),
  pass: z.number(),
  probedMs: z.number(),
});

export interface Remembered {
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly open: readonly OpenState[];
  readonly rhythm: Rhythm;
}

export function recallCrawl(ledger: Ledger): Remembered {
  const rows = ledger.recall('repositories', Rows) ?? [];
  const open = ledger.recall('open', OpenStates) ?? [];
  const rhythm = ledger.recall('rhythm', Rhythm);
  const byRepository = Map.groupBy(open, ({ repository }) => repository);
  return {
    repositories: new Map(
      rows.map((row) => {
        const found = decodeRow(row, byRepository.get(row[0]) ?? []);
        return [found.id, limitTimes(found, ledger.tickMs)];
      }),
    ),
    open,
    rhythm: rhythm ?? { discoveredMs: 0, pass: 0, probedMs: 0 },
  };
}

export function rememberCrawl(ledger: Ledger, { repositories, open, rhythm }: Remembered): void {
  ledger.remember('repositories', [...repositories.values()].map(encodeRow));
  ledger.remember('open', open);
  ledger.remember('rhythm', rhythm);
}

type Row = z.infer<typeof Rows>[number];

function encodeRow(repository: Repository): Row {
  const { id, slug, mainBranch, visitedMs, ranMs, hotUntilMs, number, deploymentsMs, pass, hintedMs } = repository;
  const times = [visitedMs, ranMs, hotUntilMs, deploymentsMs].map((ms) => Math.floor(ms / 1000));
  const [visited = 0, ran = 0, hot = 0, deployments = 0] = times;
  const pipelines = pipelinesCodes.indexOf(repository.pipelines);
  const row: Row = [id, slug, mainBranch, visited, ran, hot, deployments, number, pass, pipelines];
  if (hintedMs !== undefined) row.push(Math.floor(hintedMs / 1000));
  return row;
}

function decodeRow(row: Row, open: readonly OpenState[]): Repository {
  const [id, slug, mainBranch, visited, ran, hot, deployments, number, pass, pipelines, hinted] = row;
  return {
    id,
    slug,
    mainBranch,
    visitedMs: visited * 1000,
    ranMs: ran * 1000,
    hotUntilMs: hot * 1000,
    hintedMs: hinted === undefined ? undefined : hinted * 1000,
    deploymentsMs: deployments * 1000,
    number,
    pass,
    pipelines: pipelinesCodes[pipelines] ?? 'unknown',
    open: countOpen(open),
  };
}

/** What a run whose clock was ahead has noted would not be asked for until that time had come. */
function limitTimes(repository: Repository, tickMs: number): Repository {
  const { visitedMs, deploymentsMs, ranMs, hotUntilMs } = repository;
  return {
    ...repository,
    visitedMs: Math.min(visitedMs, tickMs),
    deploymentsMs: Math.min(deploymentsMs, tickMs),
    ranMs: Math.min(ranMs, tickMs),
    hotUntilMs: Math.min(hotUntilMs, tickMs + hotMs),
  };
}
