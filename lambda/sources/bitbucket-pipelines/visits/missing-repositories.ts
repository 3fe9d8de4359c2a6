/** Forgets repositories that a list no longer shows, once Bitbucket has said of each that it is gone. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type ApiContext, readAnswer, buildRepositoryPath } from '../api/client.ts';
import { forgetDeployments } from '../deployments/remembered.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import type { Rhythm } from './remembered.ts';
import { scopeOf } from '../runs/repository.ts';
import { buildDeploymentStream, buildRunStream } from '../runs/streams.ts';
import { rememberCursor } from '../../../crawl/list-newest-first.ts';

export interface MissingContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly workspace: string;
}

/** Of a run. Repositories are rarely deleted; a list that is empty for once must not cost the requests of an hour. */
const mostPerRun = 5;

/** Those that the last whole pass over the list did not find: deleted, moved, hidden, or skipped by a page that moved. */
function selectMissing(repositories: ReadonlyMap<string, Repository>, { page, pass }: Rhythm): readonly Repository[] {
  const wholePass = page === undefined ? pass : pass - 1;
  return [...repositories.values()].filter((repository) => repository.pass < wholePass);
}

/**
 * Asks for some of the missing ones by themselves. Always before the list of the same run is read, so that nothing is
 * forgotten because of a single answer: two that are a run apart have to agree. @throws HttpError, BudgetSpentError
 */
export async function checkMissing(
  repositories: Map<string, Repository>,
  rhythm: Rhythm,
  context: MissingContext,
): Promise<void> {
  for (const repository of selectMissing(repositories, rhythm).slice(0, mostPerRun)) {
    if (await isThere(repository.id, context)) repositories.set(repository.id, { ...repository, pass: rhythm.pass });
    else {
      repositories.delete(repository.id);
      forgetRepository(repository, 'gone', context.ledger);
    }
  }
}

/** Not found, closed, or no longer to be seen with this credential. */
const goneStatuses: ReadonlySet<number> = new Set([403, 404, 410]);

async function isThere(id: string, { api, workspace }: MissingContext): Promise<boolean> {
  try {
    await readAnswer(api, { path: buildRepositoryPath(workspace, id), parameters: { fields: 'uuid' } }, z.unknown());
    return true;
  } catch (error) {
    if (error instanceof HttpStatusError && goneStatuses.has(error.status)) return false;
    throw error;
  }
}

/** Everything that is remembered of a repository beside its place in the list. */
export function forgetRepository(
  repository: Pick<Repository, 'id' | 'slug'>,
  why: 'gone' | 'unselected',
  ledger: Ledger,
): void {
  const { id } = repository;
  for (const stream of [buildRunStream(id), buildDeploymentStream(id)]) {
    ledger.dropStream(stream.name, why);
    rememberCursor(ledger, stream, undefined);
  }
  forgetDeployments(ledger, id);
  endResults(repository, ledger);
}

/** Under this name nothing runs any more: a last red verdict would stay for weeks. */
export function endResults(repository: Pick<Repository, 'slug'>, ledger: Ledger): void {
  ledger.endMarks({ system: 'bitbucket', scope: scopeOf(repository) });
}
