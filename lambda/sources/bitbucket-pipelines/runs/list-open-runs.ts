/** Lists the runs of a repository that have not ended, in one request. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type ApiContext, ask, BudgetSpentError, fieldsOf, repositoryPath } from '../api/client.ts';
import { pipelineMembers } from './run-members.ts';
import { elementsOf, Page, PipelineRecord } from '../api/schema.ts';
import { pipelineStanding } from './states.ts';

/** Words of the filter, which are not those of the state that a run tells; all that have not ended. */
export const openStatuses = ['PARSING', 'PENDING', 'BUILDING', 'PAUSED', 'HALTED'] as const;

/** The most that Bitbucket gives; a repository with more open runs is asked for the others one by one. */
const pageLength = 100;

export interface OpenRuns {
  readonly records: readonly PipelineRecord[];
  /** Whether a run that is not among them has ended, or is gone. */
  readonly isComplete: boolean;
}

/** Undefined where the filter is not to be trusted, or no request is left for it. @throws HttpError */
export async function listOpenRuns(
  api: ApiContext,
  ledger: Ledger,
  { workspace, repository }: { readonly workspace: string; readonly repository: string },
  unreadable: (count: number) => void,
): Promise<OpenRuns | undefined> {
  if (isDistrusted(ledger)) return undefined;
  const path = `${repositoryPath(workspace, repository)}/pipelines`;
  const parameters = {
    status: openStatuses,
    sort: '-created_on',
    pagelen: String(pageLength),
    fields: fieldsOf(pipelineMembers),
  };
  try {
    const answer = await ask(api, { path, parameters }, Page);
    if (answer === 'unchanged') return undefined;
    const { items, unreadable: count } = elementsOf(answer.value.values, PipelineRecord);
    unreadable(count);
    // A filter that lets through what has ended filters nothing.
    if (items.some(({ state }) => pipelineStanding(state).is === 'ended')) {
      distrustStatus(ledger);
      return undefined;
    }
    return { records: items, isComplete: count === 0 && typeof answer.value.next !== 'string' };
  } catch (error) {
    if (error instanceof BudgetSpentError) return undefined;
    if (!(error instanceof HttpStatusError) || error.status !== 400) throw error;
    distrustStatus(ledger);
    return undefined;
  }
}

/** Some have found the filter ignored: where it is, it is tried again a day later. */
const distrustedForMs = 24 * 60 * 60_000;

const name = 'status ignored';

function isDistrusted(ledger: Ledger): boolean {
  const ignoredMs = ledger.recall(name, z.number());
  return ignoredMs !== undefined && ledger.tickMs - ignoredMs < distrustedForMs;
}

export function distrustStatus(ledger: Ledger): void {
  ledger.remember(name, ledger.tickMs);
}
