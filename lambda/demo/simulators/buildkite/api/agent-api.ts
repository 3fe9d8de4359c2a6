/** Makes the answers of Buildkite's agent API from a snapshot of the fleet. */
import type { AgentCounts, ClusterSnapshot, FleetSnapshot, JobCounts } from '../fleet/snapshot.ts';

/** `GET /v3/metrics` of the Buildkite agent API. */
export interface MetricsAnswer {
  readonly organization: { readonly slug: string };
  /** Absent for unclustered tokens. */
  readonly cluster?: { readonly name: string };
  readonly jobs: JobCounts & { readonly queues: Readonly<Record<string, JobCounts>> };
  readonly agents: AgentCounts & { readonly queues: Readonly<Record<string, AgentCounts>> };
}

/** `GET /v3/metrics/queue`: the same without the maps, for one queue. */
export interface QueueAnswer extends Omit<MetricsAnswer, 'jobs' | 'agents'> {
  readonly jobs: JobCounts;
  readonly agents: AgentCounts;
}

const noJobs: JobCounts = { scheduled: 0, running: 0, waiting: 0, total: 0 };
const noAgents: AgentCounts = { idle: 0, busy: 0, total: 0 };

/** What a token sees. A queue without jobs is not among the jobs, one without agents not among the agents. */
export function mapMetricsAnswer({ organization }: FleetSnapshot, { name, queues }: ClusterSnapshot): MetricsAnswer {
  const jobs = queues.map((queue) => [queue.key, queue.jobs] as const).filter(([, counts]) => hasAny(counts));
  const agents = queues
    .map((queue) => [queue.key, queue.agents ?? noAgents] as const)
    .filter(([, counts]) => hasAny(counts));
  return {
    organization: { slug: organization },
    ...(name === undefined ? {} : { cluster: { name } }),
    jobs: { ...jobs.map(([, counts]) => counts).reduce(addJobs, noJobs), queues: Object.fromEntries(jobs) },
    agents: { ...agents.map(([, counts]) => counts).reduce(addAgents, noAgents), queues: Object.fromEntries(agents) },
  };
}

/** An unknown queue has zeros, as an idle one has. */
export function mapQueueAnswer({ jobs, agents, ...rest }: MetricsAnswer, queue: string): QueueAnswer {
  return {
    ...rest,
    jobs: Object.hasOwn(jobs.queues, queue) ? (jobs.queues[queue] ?? noJobs) : noJobs,
    agents: Object.hasOwn(agents.queues, queue) ? (agents.queues[queue] ?? noAgents) : noAgents,
  };
}

function hasAny(counts: Readonly<JobCounts | AgentCounts>): boolean {
  return Object.values(counts).some((count) => count > 0);
}

function addJobs(a: JobCounts, b: JobCounts): JobCounts {
  return {
    scheduled: a.scheduled + b.scheduled,
    running: a.running + b.running,
    waiting: a.waiting + b.waiting,
    total: a.total + b.total,
  };
}

function addAgents(a: AgentCounts, b: AgentCounts): AgentCounts {
  return { idle: a.idle + b.idle, busy: a.busy + b.busy, total: a.total + b.total };
}
