/** The list of builds of the simulated REST API: its filters and its JSON. */
import { createHash } from 'node:crypto';
import { compareText } from '../../../../model/families/order.ts';
import type { QueueAddress, SimulatedBuild, SimulatedJob } from '../fleet/build-record.ts';
import type { FleetBuild } from '../fleet/fleet.ts';

/** States that the shortcut `finished` stands for. */
const finishedStates = ['passed', 'failed', 'blocked', 'canceled'];

/** The list's filters, as the REST API documents them. */
export interface BuildFilters {
  readonly states: readonly string[];
  readonly finishedFromMs: number | undefined;
  readonly createdFromMs: number | undefined;
  readonly createdToMs: number | undefined;
}

export function parseFilters(query: URLSearchParams): BuildFilters {
  const parseTime = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null ? undefined : Date.parse(text);
  };
  const asked = [...query.getAll('state'), ...query.getAll('state[]')];
  return {
    states: asked.flatMap((state) => (state === 'finished' ? finishedStates : [state])),
    finishedFromMs: parseTime('finished_from'),
    createdFromMs: parseTime('created_from'),
    createdToMs: parseTime('created_to'),
  };
}

/** Newest created first, whatever is filtered by. */
export function filterBuilds(builds: readonly FleetBuild[], filters: BuildFilters): readonly FleetBuild[] {
  return builds
    .filter((placed) => isListed(placed, filters))
    .map((placed) => ({ placed, createdMs: placed.at.convertToMs(placed.build.createdAt) }))
    .sort((a, b) => b.createdMs - a.createdMs || compareText(b.placed.build.uuid, a.placed.build.uuid))
    .map(({ placed }) => placed);
}

function isListed({ build, at }: FleetBuild, filters: BuildFilters): boolean {
  const { states, finishedFromMs, createdFromMs = -Infinity, createdToMs = Infinity } = filters;
  if (states.length > 0 && !states.includes(build.state)) return false;
  const createdMs = at.convertToMs(build.createdAt);
  // From a time on, and before a time.
  if (createdMs < createdFromMs || createdMs >= createdToMs) return false;
  if (finishedFromMs === undefined) return true;
  return build.finishedAt !== undefined && at.convertToMs(build.finishedAt) >= finishedFromMs;
}

export interface BuildView {
  readonly origin: string;
  readonly organization: string;
  readonly withJobs: boolean;
  readonly withRetriedJobs: boolean;
}

/** A build as the list shows it. */
export function mapBuild({ build, at }: FleetBuild, view: BuildView): Readonly<Record<string, unknown>> {
  const { origin, organization, withJobs, withRetriedJobs } = view;
  const formatTime = (second: number | undefined): string | null => formatIso(at, second);
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
    created_at: formatTime(build.createdAt),
    scheduled_at: formatTime(build.createdAt),
    started_at: formatTime(build.startedAt),
    finished_at: formatTime(build.finishedAt),
    rebuilt_from: build.rebuiltFrom === undefined ? null : { id: build.rebuiltFrom },
    pipeline: mapPipeline(pipeline),
    ...(withJobs
      ? { jobs: build.jobs.filter(createJobFilter(withRetriedJobs)).map((job) => mapJob(job, build, at)) }
      : {}),
  };
}

/** A pipeline as a build holds it, and as it is answered by itself. */
export function mapPipeline(slug: string): Readonly<Record<string, unknown>> {
  const id = createHash('sha256').update(slug).digest('hex').slice(0, 32);
  return { id, slug, name: slug, default_branch: 'main', created_at: '2024-01-02 03:04:05 UTC' };
}

function createJobFilter(withRetried: boolean): (job: SimulatedJob) => boolean {
  return ({ isRetried }) => withRetried || isRetried !== true;
}

function mapJob(job: SimulatedJob, build: SimulatedBuild, at: QueueAddress): Readonly<Record<string, unknown>> {
  const formatTime = (second: number | undefined): string | null => formatIso(at, second);
  return {
    id: job.uuid,
    type: 'script',
    name: job.name,
    state: job.state,
    exit_status: job.exitStatus ?? null,
    signal_reason: null,
    soft_failed: job.isSoftFailed === true,
    retried: job.isRetried === true,
    agent_query_rules: [`queue=${at.queue}`],
    cluster_id: at.clusterUuid ?? null,
    cluster_queue_id: at.clusterUuid === undefined ? null : at.queueUuid,
    created_at: formatTime(build.createdAt),
    // Copied from the build, as Buildkite does.
    scheduled_at: formatTime(build.createdAt),
    runnable_at: formatTime(job.runnableAt),
    started_at: formatTime(job.startedAt),
    finished_at: formatTime(job.finishedAt),
    expired_at: null,
  };
}

export function formatIso(at: QueueAddress, second: number | undefined): string | null {
  return second === undefined ? null : new Date(at.convertToMs(second)).toISOString();
}
