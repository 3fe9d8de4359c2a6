/** Finds the runs that the list of a visit no longer shows. */
import * as z from 'zod';
import type { Ledger, OpenRun } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import { type ApiContext, readAnswer, buildRepositoryPath } from '../api/client.ts';
import type { Repository } from './remembered-repository.ts';
import { refuseStatusFilter, listOpenRuns, type OpenRunList } from './list-open-runs.ts';
import { runFields } from './run-members.ts';
import { type FollowedRepository, type RunSighting, interpretRecord } from './finish.ts';
import { PipelineRecord } from '../api/schema.ts';
import { buildRunStream } from './streams.ts';

export interface MissingRunsContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  /** Gets the number of elements that could not be read. */
  readonly countUnreadable: (count: number) => void;
}

/** Requests that one visit spends on runs that have left the first page; the others take their turn. */
const perVisit = { moving: 3, held: 1, ended: 10 } as const;

/** Runs that the list of the visit does not show, though they are open or were when they were seen last. */
export async function findMissingRuns(
  repository: Repository,
  identity: FollowedRepository,
  listed: ListedRuns,
  context: MissingRunsContext,
): Promise<readonly RunSighting[]> {
  const isListed = new Set(listed.sights.map(({ id }) => id));
  const missing = context.ledger.recallOpen(buildRunStream(repository.id)).filter(({ id }) => !isListed.has(id));
  const open = await listOpenIfCheaper(repository, identity, missing.length, listed, context);
  const sights = (open?.records ?? [])
    .filter(({ uuid }) => !isListed.has(uuid))
    .map((one) => interpretRecord(one, identity));
  const isOpen = new Set(sights.map(({ id }) => id));
  const others = missing.filter(({ id }) => !isOpen.has(id));
  const chosen = open?.isComplete === true ? others.slice(0, perVisit.ended) : chooseMissing(others);
  const readRuns = await readEach(chosen, repository, identity, context);
  // It was open all the time, and the list of open runs did not show it.
  if (open?.isComplete === true && readRuns.some(({ is }) => is === 'open')) refuseStatusFilter(context.ledger);
  return [...sights, ...readRuns];
}

export interface ListedRuns {
  readonly sights: readonly RunSighting[];
  /** Whether open runs may stand on pages that were never read: at the first visit, when the list is long. */
  readonly mayHideOpen: boolean;
}

/** For more than one run, one request for all of them is cheaper than one each. */
function listOpenIfCheaper(
  { id }: Repository,
  { workspace }: FollowedRepository,
  missing: number,
  { mayHideOpen }: ListedRuns,
  { api, ledger, countUnreadable }: MissingRunsContext,
): Promise<OpenRunList | undefined> {
  if (missing < 2 && !mayHideOpen) return Promise.resolve(undefined);
  return listOpenRuns(api, ledger, { workspace, repository: id }, countUnreadable);
}

/** One by one, those first that were not seen for longest. */
async function readEach(
  runs: readonly OpenRun[],
  repository: Repository,
  identity: FollowedRepository,
  context: MissingRunsContext,
): Promise<readonly RunSighting[]> {
  const { ledger, countUnreadable } = context;
  const sights: RunSighting[] = [];
  for (const { id } of runs) {
    const answer = await readRecord(id, repository, identity, context);
    if (answer === 'left out') break;
    if (answer === 'gone') {
      ledger.noteMissing(buildRunStream(repository.id), id);
      continue;
    }
    const { data } = PipelineRecord.safeParse(answer);
    if (data === undefined) countUnreadable(1);
    else sights.push(interpretRecord(data, identity));
  }
  return sights;
}

function chooseMissing(open: readonly OpenRun[]): readonly OpenRun[] {
  const held = open.filter(({ note }) => note === 'held');
  const moving = open.filter(({ note }) => note !== 'held');
  return [...moving.slice(0, perVisit.moving), ...held.slice(0, perVisit.held)];
}

async function readRecord(
  id: string,
  repository: Repository,
  { workspace }: FollowedRepository,
  { api }: MissingRunsContext,
): Promise<unknown> {
  const path = `${buildRepositoryPath(workspace, repository.id)}/pipelines/${encodeURIComponent(id)}`;
  try {
    const answer = await readAnswer(api, { path, parameters: { fields: runFields } }, z.unknown());
    return answer === 'unchanged' ? 'left out' : answer.value;
  } catch (error) {
    if (error instanceof BudgetSpentError) return 'left out';
    if (error instanceof HttpStatusError && error.status === 404) return 'gone';
    throw error;
  }
}
