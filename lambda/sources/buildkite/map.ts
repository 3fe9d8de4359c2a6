import { queueJobs, starvedJobs, workers, workerUtilization } from '../../model/catalogue.ts';
import { gauge, type MetricFamily, type Share } from '../../model/metric.ts';
import { wholePercent } from '../../model/roll-up.ts';
import type { Claimed } from './claims.ts';
import { type CompatBaseName, compatBases, queueMetric, totalMetric } from './metrics.ts';
import type { AgentCounts, JobCounts, QueueCounts } from './schema.ts';

export interface MapOptions {
  /** The operator's name of the source. */
  readonly source: string;
  readonly isSelected: (queue: string) => boolean;
  /** Hosted queues have no agent figures: their workers are unknown, not zero. */
  readonly isHosted: (queue: string) => boolean;
  /** Whether to publish the existing tool's names, and its totals; it has none when it is given a list of queues. */
  readonly compat: 'none' | 'queues' | 'queues-and-totals';
}

/** One queue with all that is known of it. */
interface QueueFigures {
  readonly org: string;
  readonly cluster: string | undefined;
  /** Absent: without neutral metrics. */
  readonly scope: string | undefined;
  readonly queue: string;
  readonly jobs: JobCounts;
  readonly isHosted: boolean;
  /** Absent for hosted queues. */
  readonly agents?: AgentCounts;
}

/** What all readable clusters say, as families of the model. */
export function familiesOf(clusters: readonly Claimed[], options: MapOptions): readonly MetricFamily[] {
  const queues = clusters.flatMap((cluster) => figuresOf(cluster, options));
  const { compat } = options;
  const families = [
    ...neutralFamilies(queues, options.source),
    ...(compat === 'none' ? [] : queueFamilies(queues)),
    ...(compat === 'queues-and-totals' ? totalFamilies(clusters) : []),
  ];
  return families.filter(({ samples }) => samples.length > 0);
}

function figuresOf({ scope, snapshot }: Claimed, { isSelected, isHosted }: MapOptions): readonly QueueFigures[] {
  const { org, cluster, queues } = snapshot;
  return [...queues]
    .filter(([queue]) => isSelected(queue))
    .map(([queue, counts]) => ({
      org,
      cluster,
      scope,
      queue,
      isHosted: isHosted(queue),
      jobs: counts.jobs ?? noJobs,
      ...agentsOf(counts, isHosted(queue)),
    }));
}

/** A queue that only agents mention has no job; one that only jobs mention has no agent. */
const noJobs: JobCounts = { scheduled: 0, running: 0, waiting: 0, total: 0 };
const noAgents: AgentCounts = { idle: 0, busy: 0, total: 0 };

function agentsOf({ agents }: QueueCounts, isHosted: boolean): { readonly agents?: AgentCounts } {
  if (agents !== undefined) return { agents };
  return isHosted ? {} : { agents: noAgents };
}

function neutralFamilies(queues: readonly QueueFigures[], source: string): readonly MetricFamily[] {
  const placed = queues.flatMap(({ scope, queue, ...figures }) =>
    scope === undefined ? [] : [{ ...figures, labels: { system: 'buildkite', source, scope, queue } }],
  );
  const known = placed.flatMap(({ agents, ...figures }) => (agents === undefined ? [] : [{ ...figures, agents }]));
  return [
    gauge(
      queueJobs,
      placed.flatMap(({ labels, jobs }) => [
        { labels: { ...labels, state: 'queued' }, value: jobs.scheduled },
        { labels: { ...labels, state: 'running' }, value: jobs.running },
        // What the agent API calls waiting is held back by a dependency: no worker could take it.
        { labels: { ...labels, state: 'blocked' }, value: jobs.waiting },
      ]),
    ),
    gauge(
      starvedJobs,
      known
        // Hosted agents come on demand, so none can be missing.
        .filter(({ isHosted }) => !isHosted)
        .map(({ labels, jobs, agents }) => ({ labels, value: agents.idle + agents.busy > 0 ? 0 : jobs.scheduled })),
    ),
    gauge(
      workers,
      known.flatMap(({ labels, agents }) => [
        { labels: { ...labels, state: 'idle' }, value: agents.idle },
        { labels: { ...labels, state: 'busy' }, value: agents.busy },
      ]),
    ),
    gauge(
      workerUtilization,
      known
        .map(({ labels, agents }) => ({ labels, share: { part: agents.busy, whole: agents.idle + agents.busy } }))
        .filter(({ share }) => share.whole > 0)
        .map(({ labels, share }) => ({ labels, share, value: share.part / share.whole })),
    ),
  ];
}

function queueFamilies(queues: readonly QueueFigures[]): readonly MetricFamily[] {
  // One label set for all eight metrics of a queue: with 10,000 queues the copies would be tens of thousands.
  const placed = queues.map(({ org, cluster, queue, jobs, agents }) => ({
    labels: { cluster: cluster ?? '', org, queue },
    jobs,
    agents,
  }));
  return compatBases.map((compat) =>
    gauge(
      queueMetric(compat),
      placed.flatMap(({ labels, jobs, agents }) => {
        const figure = figures[compat.base](jobs, agents);
        return figure === undefined ? [] : [{ labels, ...figure }];
      }),
    ),
  );
}

function totalFamilies(clusters: readonly Claimed[]): readonly MetricFamily[] {
  return compatBases.map((compat) =>
    gauge(
      totalMetric(compat),
      clusters.flatMap(({ snapshot: { org, cluster, totals } }) => {
        const figure = totals && figures[compat.base](totals.jobs, totals.agents);
        return figure === undefined ? [] : [{ labels: { cluster: cluster ?? '', org }, ...figure }];
      }),
    ),
  );
}

interface Figure {
  readonly value: number;
  readonly share?: Share;
}

type FigureOf = (jobs: JobCounts, agents: AgentCounts | undefined) => Figure | undefined;

/** Undefined where the figure needs agents and they are unknown. */
const figures: Readonly<Record<CompatBaseName, FigureOf>> = {
  ScheduledJobsCount: ({ scheduled }) => ({ value: scheduled }),
  RunningJobsCount: ({ running }) => ({ value: running }),
  UnfinishedJobsCount: ({ total }) => ({ value: total }),
  WaitingJobsCount: ({ waiting }) => ({ value: waiting }),
  IdleAgentCount: (_, agents) => agents && { value: agents.idle },
  BusyAgentCount: (_, agents) => agents && { value: agents.busy },
  TotalAgentCount: (_, agents) => agents && { value: agents.total },
  BusyAgentPercentage: (_, agents) => agents && percentageOf({ part: agents.busy, whole: agents.total }),
};

function percentageOf(share: Share): Figure {
  return { value: wholePercent(share), share };
}
