import * as z from 'zod';
import { labelValue } from '../../model/labels.ts';

/** Any finite number that is not negative: the API sends integers, but nothing is lost by a fraction. */
const Count = z.number().nonnegative();

const JobCounts = z.object({ scheduled: Count, running: Count, waiting: Count, total: Count });
const AgentCounts = z.object({ idle: Count, busy: Count, total: Count });

/**
 * Jobs of a queue or a cluster. `scheduled` waits for an agent, `waiting` is held back by dependencies and cannot be
 * scheduled, `total` is scheduled and running without waiting.
 */
export type JobCounts = z.infer<typeof JobCounts>;
export type AgentCounts = z.infer<typeof AgentCounts>;

/** Null is how some encoders write an empty map. A missing one is not empty: nobody may take its queues for idle. */
const Queues = z.record(z.string(), z.unknown()).nullable();

/** Only the frame is required; what stands in it is read piece by piece, so that a bad piece costs only itself. */
export const MetricsAnswer = z.object({
  organization: z.object({ slug: z.string() }).optional().catch(undefined),
  /** A cluster without a name would mix its figures with those of the agents that are in none. */
  cluster: z
    .object({ name: z.string().refine((name) => labelValue(name) !== undefined, { error: 'must not be blank' }) })
    .nullish(),
  jobs: z.looseObject({ queues: Queues }),
  agents: z.looseObject({ queues: Queues }),
});
export type MetricsAnswer = z.infer<typeof MetricsAnswer>;

/** `jobs` or `agents` is absent where the answer has no entry for the queue. */
export interface QueueCounts {
  readonly jobs?: JobCounts | undefined;
  readonly agents?: AgentCounts | undefined;
}

export interface Totals {
  readonly jobs: JobCounts;
  readonly agents: AgentCounts;
}

/** What one agent token sees. */
export interface Snapshot {
  readonly org: string;
  /** Absent for a token that belongs to no cluster. */
  readonly cluster?: string | undefined;
  /** Absent where the answer's totals cannot be read. */
  readonly totals?: Totals | undefined;
  readonly queues: ReadonlyMap<string, QueueCounts>;
  /** Queues whose figures cannot be read: nothing is known of them, which is not the same as nothing going on. */
  readonly unreadable: ReadonlySet<string>;
}

/** @param org the organization's slug, which the caller has found not to be empty. */
export function snapshotOf({ cluster, jobs, agents }: MetricsAnswer, org: string): Snapshot {
  const unreadable = new Set<string>();
  const jobsByQueue = countsByQueue(jobs.queues, JobCounts, unreadable, addJobs);
  const agentsByQueue = countsByQueue(agents.queues, AgentCounts, unreadable, addAgents);
  const mentioned = new Set([...jobsByQueue.keys(), ...agentsByQueue.keys()]);
  const names = [...mentioned].filter((name) => !unreadable.has(name));
  return {
    org,
    cluster: labelValue(cluster?.name ?? ''),
    totals: totalsOf(jobs, agents),
    queues: new Map(names.map((name) => [name, { jobs: jobsByQueue.get(name), agents: agentsByQueue.get(name) }])),
    unreadable,
  };
}

function countsByQueue<Counts>(
  queues: Readonly<Record<string, unknown>> | null,
  schema: z.ZodType<Counts>,
  unreadable: Set<string>,
  add: (a: Counts, b: Counts) => Counts,
): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const [key, value] of Object.entries(queues ?? {})) {
    const queue = labelValue(key);
    // An empty key is a known fault of the API; no backend has a series for it.
    if (queue === undefined) continue;
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      unreadable.add(queue);
      continue;
    }
    // Keys that differ only in what no label can hold, such as outer spaces, are one queue.
    const known = counts.get(queue);
    counts.set(queue, known === undefined ? parsed.data : add(known, parsed.data));
  }
  return counts;
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

function totalsOf(jobs: unknown, agents: unknown): Totals | undefined {
  const readJobs = JobCounts.safeParse(jobs);
  const readAgents = AgentCounts.safeParse(agents);
  return readJobs.success && readAgents.success ? { jobs: readJobs.data, agents: readAgents.data } : undefined;
}
