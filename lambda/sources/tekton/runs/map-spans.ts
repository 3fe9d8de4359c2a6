/** PipelineRuns and TaskRuns that ended, as spans of the PipelineRun's trace. */
import type { Span } from '../../../model/span.ts';
import { findText, type Naming } from '../naming.ts';
import type { Described } from '../cluster/table-rows.ts';

/** Tekton puts it on the TaskRuns of a PipelineRun; releases that do not leave each TaskRun a trace of its own. */
const runUidLabel = 'tekton.dev/pipelineRunUID';

/** What Pipelines-as-Code writes on the runs that it makes. */
const codeKeys = {
  commit: 'pipelinesascode.tekton.dev/sha',
  branch: 'pipelinesascode.tekton.dev/branch',
  url: 'pipelinesascode.tekton.dev/log-url',
} as const;

/** A run that has ended. Times are epoch milliseconds. */
interface EndedRun extends Pick<Span, 'result'> {
  readonly uid: string;
  readonly described: Described;
  readonly createdMs: number;
  readonly startedMs?: number | undefined;
  readonly completedMs: number;
}

export function mapPipelineRunSpan(run: EndedRun, naming: Naming, waitSeconds: number | undefined): Span {
  const { uid, described, result, createdMs, completedMs } = run;
  return {
    is: 'run',
    run: uid,
    pipeline: naming.pipeline(described),
    scope: described.namespace,
    result,
    attempt: 'first',
    startMs: createdMs,
    endMs: completedMs,
    waitSeconds,
    ...pickCodeFields(described),
  };
}

/** Nothing for a TaskRun that never started. */
export function mapTaskRunSpans(run: EndedRun, naming: Naming, waitSeconds: number | undefined): readonly Span[] {
  const { uid, described, result, startedMs, completedMs } = run;
  if (startedMs === undefined) return [];
  const runUid = described.labels[runUidLabel];
  return [
    {
      is: 'job',
      ...(runUid === undefined ? { run: uid } : { run: runUid, id: uid }),
      name: naming.task(described),
      pipeline: naming.pipeline(described),
      scope: described.namespace,
      queue: naming.queue(described),
      result,
      startMs: startedMs,
      endMs: completedMs,
      waitSeconds,
      ...pickCodeFields(described),
    },
  ];
}

function pickCodeFields(run: Described): Pick<Span, 'url' | 'commit' | 'branch'> {
  return {
    url: findText(run, codeKeys.url),
    commit: findText(run, codeKeys.commit),
    branch: findText(run, codeKeys.branch)?.replace(/^refs[/-]heads[/-]/, ''),
  };
}
