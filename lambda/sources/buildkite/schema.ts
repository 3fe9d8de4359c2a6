/** What is read of the agent API's answer, figure by figure, so that a bad figure costs only itself. */
import * as z from 'zod';
import { append } from '../../model/append.ts';
import { labelValue } from '../../model/labels.ts';

/** Any finite number that is not negative: the API sends integers, but nothing is lost by a fraction. */
const Count = z.number().nonnegative().optional().catch(undefined);

const JobCounts = z.object({ scheduled: Count, running: Count, waiting: Count, total: Count });
const AgentCounts = z.object({ idle: Count, busy: Count, total: Count });

/**
 * Jobs of a queue or a cluster. `scheduled` waits for an agent, `waiting` is held back by dependencies and cannot be
 * scheduled, `total` is scheduled and running without waiting. A figure that cannot be read is undefined.
 */
export type JobCounts = z.infer<typeof JobCounts>;
export type AgentCounts = z.infer<typeof AgentCounts>;

/**
 * Null is how some encoders write an empty map. A missing one is not empty: nobody may take its queues for idle. Not a
 * record of zod's, which leaves out a queue that is called `__proto__`.
 */
const Queues = z.custom<Readonly<Record<string, unknown>>>(isMap, { error: 'must be an object' }).nullable();

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only the frame is required; what stands in it is read piece by piece, so that a bad piece costs only itself. */
export const MetricsAnswer = z.object({
  organization: z.object({ slug: z.string() }).optional().catch(undefined),
  /** Without a name these are the agents that are in no cluster, as for Buildkite's own tool. */
  cluster: z.object({ name: z.string().nullish() }).nullish(),
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
  readonly totals: Totals;
  readonly queues: ReadonlyMap<string, QueueCounts>;
  /** Figures that are missing or no numbers from 0, such as `jobs.running of queue deploy`. */
  readonly missing: readonly string[];
}

/** @param org the organization's slug, which the caller has found not to be empty. */
export function snapshotOf({ cluster, jobs, agents }: MetricsAnswer, org: string): Snapshot {
  const missing: string[] = [];
  const jobsOf = (value: unknown, of: string): JobCounts => read(value, JobCounts, 'jobs', of, missing);
  const agentsOf = (value: unknown, of: string): AgentCounts => read(value, AgentCounts, 'agents', of, missing);
  const totals = { jobs: jobsOf(jobs, 'the totals'), agents: agentsOf(agents, 'the totals') };
  const jobsByQueue = countsByQueue(jobs.queues, jobsOf, addJobs);
  const agentsByQueue = countsByQueue(agents.queues, agentsOf, addAgents);
  const names = [...new Set([...jobsByQueue.keys(), ...agentsByQueue.keys()])];
  return {
    org,
    cluster: labelValue(cluster?.name ?? ''),
    totals,
    queues: new Map(names.map((name) => [name, { jobs: jobsByQueue.get(name), agents: agentsByQueue.get(name) }])),
    missing,
  };
}

/** Whatever the value is, its readable figures; the others are noted. */
function read<Shape extends z.ZodRawShape>(
  value: unknown,
  schema: z.ZodObject<Shape>,
  part: string,
  of: string,
  missing: string[],
): z.output<z.ZodObject<Shape>> {
  const counts = schema.parse(isMap(value) ? value : {});
  const told = new Map<string, unknown>(Object.entries(counts));
  const unread = Object.keys(schema.shape).filter((name) => told.get(name) === undefined);
  append(
    missing,
    unread.map((name) => `${part}.${name} of ${of}`),
  );
  return counts;
}

function countsByQueue<Counts>(
  queues: Readonly<Record<string, unknown>> | null,
  countsOf: (value: unknown, of: string) => Counts,
  add: (a: Counts, b: Counts) => Counts,
): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const [key, value] of Object.entries(queues ?? {})) {
    const queue = labelValue(key);
    // An empty key is a known fault of the API; no backend has a series for it.
    if (queue === undefined) continue;
    const read = countsOf(value, `queue ${queue}`);
    // Keys that differ only in what no label can hold, such as outer spaces, are one queue.
    const known = counts.get(queue);
    counts.set(queue, known === undefined ? read : add(known, read));
  }
  return counts;
}

function addJobs(a: JobCounts, b: JobCounts): JobCounts {
  return {
    scheduled: sum(a.scheduled, b.scheduled),
    running: sum(a.running, b.running),
    waiting: sum(a.waiting, b.waiting),
    total: sum(a.total, b.total),
  };
}

function addAgents(a: AgentCounts, b: AgentCounts): AgentCounts {
  return { idle: sum(a.idle, b.idle), busy: sum(a.busy, b.busy), total: sum(a.total, b.total) };
}

/** What is unknown makes the sum unknown. */
function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
