/** Forgets what is remembered of a repository that is followed no longer. */
import type { Ledger } from '../../../counters/ledger.ts';
import { rememberCursor } from '../../../crawl/list-newest-first.ts';
import { type Repository, scopeOf } from '../runs/repository.ts';
import { buildDeploymentStream, buildRunStream } from '../runs/streams.ts';

/** Everything that is remembered of a repository beside its place in the list. */
export function forgetRepository(
  repository: Pick<Repository, 'id' | 'fullName'>,
  why: 'gone' | 'unselected',
  ledger: Ledger,
): void {
  const stream = buildRunStream(repository.id);
  ledger.dropStream(stream.name, why);
  ledger.dropStream(buildDeploymentStream(repository.id).name, why);
  rememberCursor(ledger, stream, undefined);
  endResults(repository, ledger);
}

/** Under this name nothing runs any more: a last red verdict would stay for weeks. */
export function endResults(repository: Pick<Repository, 'fullName'>, ledger: Ledger): void {
  ledger.endMarks({ system: 'github', scope: scopeOf(repository) });
}
