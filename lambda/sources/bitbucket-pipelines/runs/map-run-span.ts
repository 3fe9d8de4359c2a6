/** Maps a run that has ended to the span of its trace; each attempt of a run is a trace of its own. */
import type { Result } from '../../../model/catalogue/results.ts';
import type { Span } from '../../../model/span.ts';
import { branchOf, buildRunUrl, type RepositoryIdentity, scopeOf } from './repository.ts';
import type { Target } from '../api/schema.ts';

/** A run that has ended. Times are epoch milliseconds. */
export interface EndedRun {
  readonly id: string;
  readonly number: number;
  readonly attempt: number;
  readonly pipeline: string;
  readonly createdMs: number;
  readonly finishedMs: number;
  readonly result: Result;
}

/** What only some ends of runs tell. */
interface SpanDetails extends Pick<Span, 'activeSeconds'> {
  readonly target?: Target | null | undefined;
}

export function mapRunSpan(
  run: EndedRun,
  identity: RepositoryIdentity,
  { target, activeSeconds }: SpanDetails = {},
): Span {
  return {
    is: 'run',
    ...pickRunFields(run, identity),
    scope: scopeOf(identity),
    result: run.result,
    attempt: run.attempt > 1 ? 'retry' : 'first',
    // A re-run tells the creation of the first run.
    startMs: run.attempt > 1 ? undefined : run.createdMs,
    endMs: run.finishedMs,
    activeSeconds,
    commit: target?.commit?.hash ?? undefined,
    branch: branchOf(target),
  };
}

/** What a run and each of its steps tell alike. */
export function pickRunFields(
  run: EndedRun,
  identity: RepositoryIdentity,
): Pick<Span, 'run' | 'attemptNumber' | 'pipeline' | 'url'> {
  const { id, number, attempt, pipeline } = run;
  return { run: id, attemptNumber: attempt, pipeline, url: buildRunUrl(identity, number) };
}
