/** Forgets repositories that a list no longer shows, once GitHub has said of each that it is gone. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { buildRepositoryPath } from '../api/addresses.ts';
import { type ApiContext, readAnswer } from '../api/client.ts';
import type { Repository } from '../runs/repository.ts';
import type { Discovery } from './discover.ts';
import { forgetRepository } from './forget-repository.ts';
import type { Rhythm } from './remembered.ts';
import { dayMs } from '../../../model/time.ts';

export interface MissingContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly report: (kind: 'auth', message: string) => void;
}

/** Of a run: repositories are rarely deleted. */
const mostPerRun = 5;

/** More than these at once, and a tenth of all: nobody deletes so many, so a right was taken away. */
const fewMissing = 5;
const shareMissing = 0.1;

/** Where they stay away for so long, they are gone after all. */
const lostForMs = 7 * dayMs;

/** Those that the last whole pass over the list did not find: deleted, moved, hidden, or skipped by a page that moved. */
function selectMissing(repositories: ReadonlyMap<string, Repository>, { page, pass }: Rhythm): readonly Repository[] {
  const wholePass = page === undefined ? pass : pass - 1;
  return [...repositories.values()].filter((repository) => repository.pass < wholePass);
}

/**
 * Asks for some of the missing ones by themselves. Always before the list of the same run is read, so that nothing is
 * forgotten because of a single answer: two that are a run apart have to agree. Where many are missing at once nothing
 * is forgotten for a week. @throws HttpError, BudgetSpentError
 */
export async function checkMissing(discovery: Discovery, context: MissingContext): Promise<void> {
  const { repositories, rhythm } = discovery;
  const missing = selectMissing(repositories, rhythm);
  const { ledger, report } = context;
  const isMass = missing.length > Math.max(fewMissing, repositories.size * shareMissing);
  const lostMs = isMass ? (rhythm.lostMs ?? ledger.tickMs) : undefined;
  discovery.rhythm = { ...rhythm, lostMs };
  if (lostMs !== undefined && ledger.tickMs - lostMs < lostForMs) {
    report('auth', describeLostAccess(missing.length, repositories.size));
    return;
  }
  for (const repository of missing.slice(0, mostPerRun)) {
    if (await isThere(repository.fullName, context))
      repositories.set(repository.id, { ...repository, pass: rhythm.pass });
    else {
      repositories.delete(repository.id);
      forgetRepository(repository, 'gone', ledger);
    }
  }
}

function describeLostAccess(missing: number, known: number): string {
  return `lost access: ${String(missing)} of ${String(known)} repositories are not to be seen any more; they are kept for a week. Check on which repositories the App is installed, or what the owner of the token may see; exclude by repositories what is not to be read`;
}

/** Not found, or no longer to be seen with this credential; 451 is blocked for legal reasons. */
const goneStatuses: ReadonlySet<number> = new Set([403, 404, 451]);

async function isThere(fullName: string, { api }: MissingContext): Promise<boolean> {
  try {
    await readAnswer(api, { path: buildRepositoryPath(fullName) }, z.unknown());
    return true;
  } catch (error) {
    if (error instanceof HttpStatusError && goneStatuses.has(error.status)) return false;
    throw error;
  }
}
