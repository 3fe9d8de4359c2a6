/** Runs and steps that ended, as spans of a trace; each attempt of a run is a trace of its own. */
import type { Result } from '../../../model/catalogue/results.ts';
import type { Span } from '../../../model/span.ts';
import { branchOf, type RepositoryIdentity, scopeOf } from './repository.ts';
import { buildRunUrl } from './run-url.ts';
import type { StepRecord, Target } from '../api/schema.ts';
import { extractTimes } from '../steps/step-times.ts';

/** A run that has ended. Times are epoch milliseconds. */
interface EndedRun {
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

/** A step with what the metrics make of it. */
interface EndedStep extends Pick<Span, 'waitSeconds'> {
  readonly step: StepRecord;
  readonly queue: string;
  readonly result: Result;
}

/** Nothing for a step that never ran. */
export function mapStepSpans(
  { step, queue, result, waitSeconds }: EndedStep,
  run: EndedRun,
  identity: RepositoryIdentity,
): readonly Span[] {
  const times = extractTimes(step);
  if (times === undefined) return [];
  return [
    {
      is: 'job',
      ...pickRunFields(run, identity),
      id: step.uuid,
      name: step.name ?? undefined,
      // Runner groups serve the whole workspace, so its name is the scope of a queue.
      scope: identity.workspace,
      queue,
      result,
      startMs: times.startedMs,
      endMs: times.endedMs,
      waitSeconds,
    },
  ];
}

function pickRunFields(
  run: EndedRun,
  identity: RepositoryIdentity,
): Pick<Span, 'run' | 'attemptNumber' | 'pipeline' | 'url'> {
  const { id, number, attempt, pipeline } = run;
  return { run: id, attemptNumber: attempt, pipeline, url: buildRunUrl(identity, number) };
}
