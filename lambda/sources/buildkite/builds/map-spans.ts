/** Builds and jobs that ended, as spans of the build's trace. */
import type { Span } from '../../../model/span.ts';
import { type Build, type Job, pipelineOf } from '../user-api/rest-schema.ts';
import { timeOf } from '../user-api/times.ts';

/** What a finish has found out about a build. */
export interface BuildFacts extends Pick<Span, 'result' | 'attempt' | 'waitSeconds' | 'activeSeconds'> {
  readonly finishedMs: number;
  /** Present for a further attempt, which is a part of the build's trace: when it started, and the key of its finish. */
  readonly again?: { readonly startedMs: number | undefined; readonly key: string } | undefined;
}

/** A build, and where it belongs. */
export interface BuildPlace {
  readonly build: Build;
  readonly scope: string;
  readonly pipeline: string;
}

export function buildSpan({ build, scope, pipeline }: BuildPlace, facts: BuildFacts): Span {
  const { finishedMs, again, ...told } = facts;
  return {
    is: 'run',
    run: build.id,
    id: again?.key,
    pipeline,
    scope,
    ...told,
    startMs: again === undefined ? timeOf(build.created_at) : again.startedMs,
    endMs: finishedMs,
    ...placeInCode(build),
  };
}

/** The build that a job is a part of. */
export type BuildOfJob = Pick<Build, 'id' | 'web_url' | 'url' | 'commit' | 'branch' | 'pipeline'>;

/** Nothing for a job that never started. */
export function jobSpans(
  job: Job,
  build: BuildOfJob,
  ended: Pick<Span, 'scope' | 'queue' | 'result' | 'waitSeconds' | 'endMs'>,
): readonly Span[] {
  const startMs = timeOf(job.started_at);
  if (startMs === undefined) return [];
  return [
    {
      is: 'job',
      run: build.id,
      id: job.id,
      name: job.name ?? undefined,
      pipeline: pipelineOf(build),
      startMs,
      ...ended,
      ...placeInCode({ ...build, web_url: job.web_url ?? build.web_url }),
    },
  ];
}

function placeInCode({
  web_url,
  commit,
  branch,
}: Pick<Build, 'web_url' | 'commit' | 'branch'>): Pick<Span, 'url' | 'commit' | 'branch'> {
  return { url: web_url ?? undefined, commit: commit ?? undefined, branch: branch ?? undefined };
}
