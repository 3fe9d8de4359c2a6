/** Maps a step that has ended to a span in the trace of its run. */
import type { Result } from '../../../model/catalogue/results.ts';
import type { Span } from '../../../model/span.ts';
import type { StepRecord } from '../api/schema.ts';
import { type EndedRun, pickRunFields } from '../runs/map-run-span.ts';
import type { RepositoryIdentity } from '../runs/repository.ts';
import { extractTimes } from './step-times.ts';

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
