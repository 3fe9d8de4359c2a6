/** What is read of the agent API's answer, figure by figure, so that a bad figure costs only itself. */
import * as z from 'zod';
import { makeLabelValue } from '../../../model/text/labels.ts';

/**
 * Jobs of a queue or a cluster. `scheduled` waits for an agent, `waiting` is held back by dependencies and cannot be
 * scheduled, `total` is scheduled and running without waiting. A figure that cannot be read is undefined.
 */
export type JobCounts = Readonly<Record<'scheduled' | 'running' | 'waiting' | 'total', number | undefined>>;
export type AgentCounts = Readonly<Record<'idle' | 'busy' | 'total', number | undefined>>;

/**
 * Null is how some encoders write an empty map. A missing one is not empty: its queues must not be shown as idle. Not a
 * record of zod's, which leaves out a queue that is called `__proto__`.
 */
const Queues = z.custom<Readonly<Record<string, unknown>>>(isMap, { error: 'must be an object' }).nullable();

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
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
export function parseSnapshot({ cluster, jobs, agents }: MetricsAnswer, org: string): Snapshot {
  const missing: string[] = [];
  const parseJobs = (value: unknown, of: string): JobCounts => {
    const figure = createFigureParser(value, 'jobs', of, missing);
    return {
      scheduled: figure('scheduled'),
      running: figure('running'),
      waiting: figure('waiting'),
      total: figure('total'),
    };
  };
  const parseAgents = (value: unknown, of: string): AgentCounts => {
    const figure = createFigureParser(value, 'agents', of, missing);
    return { idle: figure('idle'), busy: figure('busy'), total: figure('total') };
  };
  const totals = { jobs: parseJobs(jobs, 'the totals'), agents: parseAgents(agents, 'the totals') };
  const jobsByQueue = parseQueueCounts(jobs.queues, parseJobs, addJobs);
  const agentsByQueue = parseQueueCounts(agents.queues, parseAgents, addAgents);
  const names = [...new Set([...jobsByQueue.keys(), ...agentsByQueue.keys()])];
  return {
    org,
    cluster: makeLabelValue(cluster?.name ?? ''),
    totals,
    queues: new Map(names.map((name) => [name, { jobs: jobsByQueue.get(name), agents: agentsByQueue.get(name) }])),
    missing,
  };
}

/**
 * Reads figures of whatever the value is, and notes those that cannot be read. Any finite number that is not negative is
 * one: the API sends integers, but nothing is lost by a fraction. By hand, because there are a hundred thousand of them.
 */
function createFigureParser(
  value: unknown,
  subject: string,
  of: string,
  missing: string[],
): (name: string) => number | undefined {
  const record: Readonly<Record<string, unknown>> = isMap(value) ? value : {};
  return (name) => {
    const figure = record[name];
    if (typeof figure === 'number' && Number.isFinite(figure) && figure >= 0) return figure;
    missing.push(`${subject}.${name} of ${of}`);
    return undefined;
  };
}

function parseQueueCounts<Counts>(
  queues: Readonly<Record<string, unknown>> | null,
  parseCounts: (value: unknown, of: string) => Counts,
  add: (a: Counts, b: Counts) => Counts,
): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const [key, value] of Object.entries(queues ?? {})) {
    const queue = makeLabelValue(key);
    // The API is known to send an empty key; no backend has a series for it.
    if (queue === undefined) continue;
    const read = parseCounts(value, `queue ${queue}`);
    // Keys that differ only in what no label can hold, such as outer spaces, are one queue.
    const before = counts.get(queue);
    counts.set(queue, before === undefined ? read : add(before, read));
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
