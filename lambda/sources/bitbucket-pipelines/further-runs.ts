import * as z from 'zod';
import type { Ledger, OpenWork } from '../../counters/ledger.ts';
import { HttpStatusError } from '../../http/errors.ts';
import { type ApiContext, ask, BudgetSpentError, repositoryPath } from './api.ts';
import type { Repository } from './memory.ts';
import { pipelineFields } from './pipeline-list.ts';
import { type RunPlace, type Sight, sightOf } from './run-record.ts';
import { PipelineRecord } from './schema.ts';
import { runsOf } from './streams.ts';

export interface FurtherContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  /** Elements that could not be read are told here. */
  readonly unreadable: (count: number) => void;
}

/** Requests that one look spends on runs that have left the first page; the others take their turn. */
const perLook = { moving: 3, held: 1 } as const;

/** Open runs that the list no longer shows, asked one by one, those first that were not seen for longest. */
export async function furtherRuns(
  repository: Repository,
  place: RunPlace,
  listed: readonly Sight[],
  context: FurtherContext,
): Promise<readonly Sight[]> {
  const { ledger, unreadable } = context;
  const stream = runsOf(repository.id);
  const isListed = new Set(listed.map(({ id }) => id));
  const sights: Sight[] = [];
  for (const { id } of chosen(ledger.open(stream).filter((work) => !isListed.has(work.id)))) {
    const answer = await recordOf(id, repository, place, context);
    if (answer === 'left out') break;
    if (answer === 'gone') {
      ledger.sawMissing(stream, id);
      continue;
    }
    const { data } = PipelineRecord.safeParse(answer);
    if (data === undefined) unreadable(1);
    else sights.push(sightOf(data, place));
  }
  return sights;
}

function chosen(open: readonly OpenWork[]): readonly OpenWork[] {
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
