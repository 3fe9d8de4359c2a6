/** Turns what the agent API says into families of the model. */
import { queueJobs, starvedJobs, workers, workerUtilization } from '../../../model/catalogue/catalogue.ts';
import { type Folding, partAtCap } from '../../../model/limits/cap.ts';
import { overflowValue } from '../../../model/text/labels.ts';
import { gauge, type MetricFamily, type Share } from '../../../model/metric.ts';
import { wholePercent } from '../../../model/families/roll-up.ts';
import type { Claimed } from './cluster-owners.ts';
import { type CompatBaseName, compatBases, queueMetric, totalMetric } from '../metrics.ts';
import type { AgentCounts, JobCounts, QueueCounts } from './schema.ts';

export interface MapOptions {
  /** The operator's name of the source. */
  readonly source: string;
  readonly isSelected: (queue: string) => boolean;
  /** Hosted queues have no agent figures: their workers are unknown, not zero. */
  readonly isHosted: IsHosted;
  /** Whether to publish the existing tool's names, and its totals; it has none when it is given a list of queues. */
  readonly compat: 'none' | 'queues' | 'queues-and-totals';
  /** Samples that the run has room for; absent: as many as there are. */
  readonly room?: number | undefined;
}

/** `scope` is absent for a queue without neutral metrics. */
export type IsHosted = (queue: string, scope: string | undefined) => boolean;

/** One queue with all that is known of it. */
interface QueueFigures {
  readonly org: string;
  readonly cluster: string | undefined;
  /** Absent: without neutral metrics. */
  readonly scope: string | undefined;
  readonly queue: string;
  readonly jobs: JobCounts;
  /** Absent for hosted queues. */
  readonly agents: AgentCounts | undefined;
  /** Jobs that wait where nobody could take them; absent where that is unknown. */
  readonly starved: number | undefined;
}

export interface Mapped {
  readonly families: readonly MetricFamily[];
  readonly folded: readonly Folding[];
}

/** What all readable clusters say, as families of the model. */
export function familiesOf(clusters: readonly Claimed[], options: MapOptions): Mapped {
  const all = clusters.flatMap((cluster) => figuresOf(cluster, options));
  const { compat, source, room = Infinity } = options;
  const each = samplesOfQueue + (compat === 'none' ? 0 : compatBases.length);
  const most = Math.floor(room / each);
  // A cluster whose scope belongs to another one has no neutral metrics, so its queues cannot be added to those that have.
  const placed = all.filter(({ scope }) => scope !== undefined);
  const unplaced = all.filter(({ scope }) => scope === undefined);
  const { apart, rest } = partAtCap(placed, most, ({ scope = '', queue }) => ({ queue, scope }));
  const queues = [...apart, ...(rest.length === 0 ? [] : [added(rest)]), ...unplaced];
  const families = [...neutralFamilies(queues, source), ...(compat === 'none' ? [] : queueFamilies(queues))].filter(
    ({ samples }) => samples.length > 0,
  );
  const totals = compat === 'queues-and-totals' ? totalFamilies(clusters) : [];
  return {
    families: [...families, ...totals.filter(({ samples }) => samples.length > 0)],
    folded:
      rest.length === 0
        ? []
        : families.map(({ definition }) => ({
            metric: definition.name,
            labelSets: rest.length,
            most,
            setting: 'capacity',
          })),
  };
}

/** Neutral samples of one queue: three of jobs, two of workers, starved jobs and the utilization. */
const samplesOfQueue = 7;

/** One queue in place of many: sums of what is known. */
function added(queues: readonly QueueFigures[]): QueueFigures {
  const sumOf = (value: (queue: QueueFigures) => number | undefined): number | undefined => {
    const known = queues.map(value).filter((one) => one !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
  };
  return {
    ...{ org: overflowValue, cluster: overflowValue, scope: overflowValue, queue: overflowValue },
    jobs: {
      scheduled: sumOf(({ jobs }) => jobs.scheduled),
      running: sumOf(({ jobs }) => jobs.running),
      waiting: sumOf(({ jobs }) => jobs.waiting),
      total: sumOf(({ jobs }) => jobs.total),
    },
    starved: sumOf(({ starved }) => starved),
    agents: {
      idle: sumOf(({ agents }) => agents?.idle),
      busy: sumOf(({ agents }) => agents?.busy),
      total: sumOf(({ agents }) => agents?.total),
    },
  };
}

function figuresOf({ scope, snapshot }: Claimed, { isSelected, isHosted }: MapOptions): readonly QueueFigures[] {
  const { org, cluster, queues } = snapshot;
  return [...queues]
    .filter(([queue]) => isSelected(queue))
    .map(([queue, counts]) => {
      const jobs = counts.jobs ?? noJobs;
      const isOnDemand = isHosted(queue, scope);
      const agents = agentsOf(counts, isOnDemand);
      // Hosted agents come on demand, so none can be missing.
      const starved = agents === undefined || isOnDemand ? undefined : starvedIn(jobs, agents);
      return { org, cluster, scope, queue, jobs, agents, starved };
    });
}

/** A queue that only agents mention has no job; one that only jobs mention has no agent. */
const noJobs: JobCounts = { scheduled: 0, running: 0, waiting: 0, total: 0 };
const noAgents: AgentCounts = { idle: 0, busy: 0, total: 0 };

function agentsOf({ agents }: QueueCounts, isHosted: boolean): AgentCounts | undefined {
  return agents ?? (isHosted ? undefined : noAgents);
}

function neutralFamilies(queues: readonly QueueFigures[], source: string): readonly MetricFamily[] {
  const placed = queues.flatMap(({ scope, queue, ...figures }) =>
    scope === undefined ? [] : [{ ...figures, labels: { system: 'buildkite', source, scope, queue } }],
  );
  const crewed = placed.flatMap(({ agents, ...figures }) => (agents === undefined ? [] : [{ ...figures, agents }]));
  return [
    gauge(
      queueJobs,
      placed.flatMap(({ labels, jobs }) => [
        ...known(jobs.scheduled, { ...labels, state: 'queued' }),
        ...known(jobs.running, { ...labels, state: 'running' }),
        // What the agent API calls waiting is held back by a dependency: no worker could take it.
        ...known(jobs.waiting, { ...labels, state: 'blocked' }),
      ]),
    ),
    gauge(
      starvedJobs,
      placed.flatMap(({ labels, starved }) => known(starved, labels)),
    ),
    gauge(
      workers,
      crewed.flatMap(({ labels, agents }) => [
        ...known(agents.idle, { ...labels, state: 'idle' }),
        ...known(agents.busy, { ...labels, state: 'busy' }),
      ]),
    ),
    gauge(
      workerUtilization,
      crewed.flatMap(({ labels, agents: { idle, busy } }) => {
        if (idle === undefined || busy === undefined || idle + busy === 0) return [];
        const share = { part: busy, whole: idle + busy };
        return [{ labels, share, value: share.part / share.whole }];
      }),
    ),
  ];
}

/** One sample, or none where the value is unknown. */
function known<Name extends string>(
  value: number | undefined,
  labels: Readonly<Record<Name, string>>,
): readonly { readonly labels: Readonly<Record<Name, string>>; readonly value: number }[] {
  return value === undefined ? [] : [{ labels, value }];
}

/** 0 with a single agent, whatever else is unknown. */
function starvedIn({ scheduled }: JobCounts, { idle, busy }: AgentCounts): number | undefined {
  if ((idle ?? 0) > 0 || (busy ?? 0) > 0) return 0;
  return idle === undefined || busy === undefined ? undefined : scheduled;
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
        const figure = figures[compat.base](totals.jobs, totals.agents);
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

/** Undefined where the figure is unknown, or needs agents and they are unknown. */
const figures: Readonly<Record<CompatBaseName, FigureOf>> = {
  ScheduledJobsCount: ({ scheduled }) => figureOf(scheduled),
  RunningJobsCount: ({ running }) => figureOf(running),
  UnfinishedJobsCount: ({ total }) => figureOf(total),
  WaitingJobsCount: ({ waiting }) => figureOf(waiting),
  IdleAgentCount: (_, agents) => figureOf(agents?.idle),
  BusyAgentCount: (_, agents) => figureOf(agents?.busy),
  TotalAgentCount: (_, agents) => figureOf(agents?.total),
  BusyAgentPercentage: (_, agents) => percentageOf(agents),
};

function figureOf(value: number | undefined): Figure | undefined {
  return value === undefined ? undefined : { value };
}

function percentageOf(agents: AgentCounts | undefined): Figure | undefined {
  if (agents?.busy === undefined || agents.total === undefined) return undefined;
  const share = { part: agents.busy, whole: agents.total };
  return { value: wholePercent(share), share };
}
