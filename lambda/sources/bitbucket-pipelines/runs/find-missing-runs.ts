/** Follows the runs that the list of a look no longer shows. */
import * as z from 'zod';
import type { Ledger, OpenWork } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type ApiContext, ask, BudgetSpentError, repositoryPath } from '../api/client.ts';
import type { Repository } from '../visits/remembered.ts';
import { distrustStatus, listOpenRuns, type OpenRuns } from './list-open-runs.ts';
import { pipelineFields } from './run-members.ts';
import { type RunPlace, type Sight, sightOf } from './finish.ts';
import { PipelineRecord } from '../api/schema.ts';
import { runsOf } from './streams.ts';

export interface FurtherContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  /** Elements that could not be read are told here. */
  readonly unreadable: (count: number) => void;
}

/** Requests that one look spends on runs that have left the first page; the others take their turn. */
const perLook = { moving: 3, held: 1, ended: 10 } as const;

/** Runs that the list of the look does not show, though they are open or were when they were seen last. */
export async function furtherRuns(
  repository: Repository,
  place: RunPlace,
  listed: Listed,
  context: FurtherContext,
): Promise<readonly Sight[]> {
  const isListed = new Set(listed.sights.map(({ id }) => id));
  const missing = context.ledger.open(runsOf(repository.id)).filter(({ id }) => !isListed.has(id));
  const open = await openRuns(repository, place, missing.length, listed, context);
  const sights = (open?.records ?? []).filter(({ uuid }) => !isListed.has(uuid)).map((one) => sightOf(one, place));
  const isOpen = new Set(sights.map(({ id }) => id));
  const others = missing.filter(({ id }) => !isOpen.has(id));
  const chosen = open?.isComplete === true ? others.slice(0, perLook.ended) : chosenOf(others);
  const asked = await askEach(chosen, repository, place, context);
  // It was open all the time, and the list of open runs did not show it.
  if (open?.isComplete === true && asked.some(({ is }) => is === 'open')) distrustStatus(context.ledger);
  return [...sights, ...asked];
}

export interface Listed {
  readonly sights: readonly Sight[];
  /** Whether runs in flight may stand where no look has ever come to: in the first look at a long list. */
  readonly mayHideOpen: boolean;
}

/** For more than one run, one request for all of them is cheaper than one each. */
function openRuns(
  { id }: Repository,
  { workspace }: RunPlace,
  missing: number,
  { mayHideOpen }: Listed,
  { api, ledger, unreadable }: FurtherContext,
): Promise<OpenRuns | undefined> {
  if (missing < 2 && !mayHideOpen) return Promise.resolve(undefined);
  return listOpenRuns(api, ledger, { workspace, repository: id }, unreadable);
}

/** One by one, those first that were not seen for longest. */
async function askEach(
  runs: readonly OpenWork[],
  repository: Repository,
  place: RunPlace,
  context: FurtherContext,
): Promise<readonly Sight[]> {
  const { ledger, unreadable } = context;
  const sights: Sight[] = [];
  for (const { id } of runs) {
    const answer = await recordOf(id, repository, place, context);
    if (answer === 'left out') break;
    if (answer === 'gone') {
      ledger.sawMissing(runsOf(repository.id), id);
      continue;
    }
    const { data } = PipelineRecord.safeParse(answer);
    if (data === undefined) unreadable(1);
    else sights.push(sightOf(data, place));
  }
  return sights;
}

function chosenOf(open: readonly OpenWork[]): readonly OpenWork[] {
  const held = open.filter(({ note }) => note === 'held');
  const moving = open.filter(({ note }) => note !== 'held');
  return [...moving.slice(0, perLook.moving), ...held.slice(0, perLook.held)];
}

async function recordOf(
  id: string,
  repository: Repository,
  { workspace }: RunPlace,
  { api }: FurtherContext,
): Promise<unknown> {
  const path = `${repositoryPath(workspace, repository.id)}/pipelines/${encodeURIComponent(id)}`;
  try {
    const answer = await ask(api, { path, parameters: { fields: pipelineFields } }, z.unknown());
    return answer === 'unchanged' ? 'left out' : answer.value;
  } catch (error) {
    if (error instanceof BudgetSpentError) return 'left out';
    if (error instanceof HttpStatusError && error.status === 404) return 'gone';
    throw error;
  }
}
