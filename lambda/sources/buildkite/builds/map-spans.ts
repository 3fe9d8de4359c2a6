/** Builds and jobs that ended, as spans of the build's trace. */
import type { Span } from '../../../model/span.ts';
import { type Build, type Job, findPipeline } from '../user-api/rest-schema.ts';
import { parseTime } from '../user-api/times.ts';

/** What a finish has found out about a build. */
export interface BuildFacts extends Pick<Span, 'result' | 'attempt' | 'waitSeconds' | 'activeSeconds'> {
  readonly finishedMs: number;
  /** Present for a further attempt, which is a part of the build's trace: when it started, and the key of its finish. */
  readonly again?: { readonly startedMs: number | undefined; readonly key: string } | undefined;
}

/** A build, and where it belongs. */
export interface ScopedBuild {
  readonly build: Build;
  readonly scope: string;
  readonly pipeline: string;
}

export function mapBuildSpan({ build, scope, pipeline }: ScopedBuild, facts: BuildFacts): Span {
  const { finishedMs, again, ...known } = facts;
  return {
    is: 'run',
    run: build.id,
    id: again?.key,
    pipeline,
    scope,
    ...known,
    startMs: again === undefined ? parseTime(build.created_at) : again.startedMs,
    endMs: finishedMs,
    ...mapCodeLocation(build),
  };
}

/** The build that a job is a part of. */
export type BuildOfJob = Pick<Build, 'id' | 'web_url' | 'url' | 'commit' | 'branch' | 'pipeline'>;

/** Nothing for a job that never started. */
export function mapJobSpans(
  job: Job,
  build: BuildOfJob,
  ended: Pick<Span, 'scope' | 'queue' | 'result' | 'waitSeconds' | 'endMs'>,
): readonly Span[] {
  const startMs = parseTime(job.started_at);
  if (startMs === undefined) return [];
  return [
    {
      is: 'job',
      run: build.id,
      id: job.id,
      name: job.name ?? undefined,
      pipeline: findPipeline(build),
      startMs,
      ...ended,
      ...mapCodeLocation({ ...build, web_url: job.web_url ?? build.web_url }),
    },
  ];
}

function mapCodeLocation({
  web_url,
  commit,
  branch,
}: Pick<Build, 'web_url' | 'commit' | 'branch'>): Pick<Span, 'url' | 'commit' | 'branch'> {
  return { url: web_url ?? undefined, commit: commit ?? undefined, branch: branch ?? undefined };
}
