/** Lists the runs of a repository that have not ended, in one request. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import { type ApiContext, readAnswer, joinFields, buildRepositoryPath } from '../api/client.ts';
import { runMembers } from './run-members.ts';
import { parseElements, Page, PipelineRecord } from '../api/schema.ts';
import { interpretRunState } from './states.ts';
import { dayMs } from '../../../model/time.ts';

/** Words of the filter, which are not those of the state that a run tells; all that have not ended. */
export const openStatuses = ['PARSING', 'PENDING', 'BUILDING', 'PAUSED', 'HALTED'] as const;

/** The most that Bitbucket gives; a repository with more open runs is asked for the others one by one. */
const pageLength = 100;

export interface OpenRunList {
  readonly records: readonly PipelineRecord[];
  /** Whether a run that is not among them has ended, or is gone. */
  readonly isComplete: boolean;
}

/** Undefined where the filter is not to be trusted, or no request is left for it. @throws HttpError */
export async function listOpenRuns(
  api: ApiContext,
  ledger: Ledger,
  { workspace, repository }: { readonly workspace: string; readonly repository: string },
  countUnreadable: (count: number) => void,
): Promise<OpenRunList | undefined> {
  if (isStatusFilterRefused(ledger)) return undefined;
  const path = `${buildRepositoryPath(workspace, repository)}/pipelines`;
  const parameters = {
    status: openStatuses,
    sort: '-created_on',
    pagelen: String(pageLength),
    fields: joinFields(runMembers),
  };
  try {
    const answer = await readAnswer(api, { path, parameters }, Page);
    if (answer === 'unchanged') return undefined;
    const { items, unreadable: count } = parseElements(answer.value.values, PipelineRecord);
    countUnreadable(count);
    // A filter that lets through what has ended filters nothing.
    if (items.some(({ state }) => interpretRunState(state).is === 'ended')) {
      refuseStatusFilter(ledger);
      return undefined;
    }
    return { records: items, isComplete: count === 0 && typeof answer.value.next !== 'string' };
  } catch (error) {
    if (error instanceof BudgetSpentError) return undefined;
    if (!(error instanceof HttpStatusError) || error.status !== 400) throw error;
    refuseStatusFilter(ledger);
    return undefined;
  }
}

/** Some have found the filter ignored: where it is, it is tried again a day later. */
const distrustedForMs = dayMs;

const name = 'status ignored';

function isStatusFilterRefused(ledger: Ledger): boolean {
  const ignoredMs = ledger.recall(name, z.number());
  return ignoredMs !== undefined && ledger.tickMs - ignoredMs < distrustedForMs;
}

export function refuseStatusFilter(ledger: Ledger): void {
  ledger.remember(name, ledger.tickMs);
}
