import { createHash } from 'node:crypto';
import type { QueueAddress, SimulatedBuild, SimulatedJob } from '../fleet/build-record.ts';
import type { PlacedBuild } from '../fleet/fleet.ts';

/** States that the shortcut `finished` stands for. */
const finishedStates = ['passed', 'failed', 'blocked', 'canceled'];

/** The list's filters, as the REST API documents them. */
export interface BuildFilters {
  readonly states: readonly string[];
  readonly finishedFromMs: number | undefined;
  readonly createdFromMs: number | undefined;
  readonly createdToMs: number | undefined;
}

export function filtersOf(query: URLSearchParams): BuildFilters {
  const time = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null ? undefined : Date.parse(text);
  };
  const asked = [...query.getAll('state'), ...query.getAll('state[]')];
  return {
    states: asked.flatMap((state) => (state === 'finished' ? finishedStates : [state])),
    finishedFromMs: time('finished_from'),
    createdFromMs: time('created_from'),
    createdToMs: time('created_to'),
  };
}

/** Newest created first, whatever is filtered by. */
export function listed(builds: readonly PlacedBuild[], filters: BuildFilters): readonly PlacedBuild[] {
  return builds
    .filter((placed) => isListed(placed, filters))
    .map((placed) => ({ placed, createdMs: placed.at.msOf(placed.build.createdAt) }))
    .sort((a, b) => b.createdMs - a.createdMs || compare(b.placed.build.uuid, a.placed.build.uuid))
    .map(({ placed }) => placed);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isListed({ build, at }: PlacedBuild, filters: BuildFilters): boolean {
  const { states, finishedFromMs, createdFromMs = -Infinity, createdToMs = Infinity } = filters;
  if (states.length > 0 && !states.includes(build.state)) return false;
  const createdMs = at.msOf(build.createdAt);
  // From a time on, and before a time.
  if (createdMs < createdFromMs || createdMs >= createdToMs) return false;
  if (finishedFromMs === undefined) return true;
  return build.finishedAt !== undefined && at.msOf(build.finishedAt) >= finishedFromMs;
}

export interface BuildView {
  readonly origin: string;
  readonly organization: string;
  readonly withJobs: boolean;
  readonly withRetriedJobs: boolean;
}

/** A build as the list shows it. */
export function buildJson({ build, at }: PlacedBuild, view: BuildView): Readonly<Record<string, unknown>> {
  const { origin, organization, withJobs, withRetriedJobs } = view;
  const time = (second: number | undefined): string | null => isoOf(at, second);
  const address = `${organization}/${build.pipeline}/builds/${String(build.number)}`;
  const { pipeline } = build;
  return {
    id: build.uuid,
    number: build.number,
    url: `${origin}/v2/organizations/${organization}/pipelines/${pipeline}/builds/${String(build.number)}`,
    web_url: `https://buildkite.com/${address}`,
    state: build.state,
    blocked: false,
    branch: build.branch,
    commit: build.commit,
    message: 'A change',
    source: build.rebuiltFrom === undefined ? 'webhook' : 'ui',
    created_at: time(build.createdAt),
    scheduled_at: time(build.createdAt),
    started_at: time(build.startedAt),
    finished_at: time(build.finishedAt),
    rebuilt_from: build.rebuiltFrom === undefined ? null : { id: build.rebuiltFrom },
    pipeline: pipelineJson(pipeline),
    ...(withJobs ? { jobs: build.jobs.filter(shown(withRetriedJobs)).map((job) => jobJson(job, build, at)) } : {}),
  };
}

/** A pipeline as a build holds it, and as it is answered by itself. */
export function pipelineJson(slug: string): Readonly<Record<string, unknown>> {
  const id = createHash('sha256').update(slug).digest('hex').slice(0, 32);
  return { id, slug, name: slug, default_branch: 'main', created_at: '2024-01-02 03:04:05 UTC' };
}

function shown(withRetried: boolean): (job: SimulatedJob) => boolean {
  return ({ isRetried }) => withRetried || isRetried !== true;
}

function jobJson(job: SimulatedJob, build: SimulatedBuild, at: QueueAddress): Readonly<Record<string, unknown>> {
  const time = (second: number | undefined): string | null => isoOf(at, second);
  return {
    id: job.uuid,
    type: 'script',
    state: job.state,
    exit_status: job.exitStatus ?? null,
    signal_reason: null,
    soft_failed: job.isSoftFailed === true,
    retried: job.isRetried === true,
    agent_query_rules: [`queue=${at.queue}`],
    cluster_id: at.clusterUuid ?? null,
    cluster_queue_id: at.clusterUuid === undefined ? null : at.queueUuid,
    created_at: time(build.createdAt),
    // Copied from the build, as Buildkite does.
    scheduled_at: time(build.createdAt),
    runnable_at: time(job.runnableAt),
    started_at: time(job.startedAt),
    finished_at: time(job.finishedAt),
    expired_at: null,
  };
}

export function isoOf(at: QueueAddress, second: number | undefined): string | null {
  return second === undefined ? null : new Date(at.msOf(second)).toISOString();
}
