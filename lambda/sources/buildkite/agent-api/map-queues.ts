/** Turns what the agent API says into families of the model. */
import { queueJobs } from '../../../model/catalogue/queue-metrics.ts';
import { type Folding, splitAtCap } from '../../../model/limits/cap.ts';
import { overflowValue } from '../../../model/text/labels.ts';
import { buildGauge, type MetricFamily, sampleIfKnown, type Share } from '../../../model/metric.ts';
import { computeWholePercent } from '../../../model/families/roll-up.ts';
import type { IsHosted } from '../queues/hosted-queues.ts';
import { mapWorkers } from '../queues/map-workers.ts';
import type { OwnedSnapshot } from './cluster-owners.ts';
import { type CompatBaseName, compatBases, defineQueueMetric, defineTotalMetric } from '../metrics.ts';
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
  /** Jobs that wait in a queue without any agent; absent where that is unknown. */
  readonly starved: number | undefined;
}

export interface MappedClusters {
  readonly families: readonly MetricFamily[];
  readonly folded: readonly Folding[];
}

/** What all readable clusters say, as families of the model. */
export function mapClusters(clusters: readonly OwnedSnapshot[], options: MapOptions): MappedClusters {
  const all = clusters.flatMap((cluster) => collectFigures(cluster, options));
  const { compat, source, room = Infinity } = options;
  const each = samplesOfQueue + (compat === 'none' ? 0 : compatBases.length);
  const most = Math.floor(room / each);
  // A cluster whose scope belongs to another one has no neutral metrics, so its queues cannot be added to those that have.
  const scoped = all.filter(({ scope }) => scope !== undefined);
  const unscoped = all.filter(({ scope }) => scope === undefined);
  const { apart, rest } = splitAtCap(scoped, most, ({ scope = '', queue }) => ({ queue, scope }));
  const queues = [...apart, ...(rest.length === 0 ? [] : [foldQueues(rest)]), ...unscoped];
  const families = [
    ...mapNeutralFamilies(queues, source),
    ...(compat === 'none' ? [] : mapQueueFamilies(queues)),
  ].filter(({ samples }) => samples.length > 0);
  const totals = compat === 'queues-and-totals' ? mapTotalFamilies(clusters) : [];
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

/** Folds many queues into one: the sums of what is known. */
function foldQueues(queues: readonly QueueFigures[]): QueueFigures {
  const sumKnown = (value: (queue: QueueFigures) => number | undefined): number | undefined => {
    const known = queues.map(value).filter((one) => one !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
  };
  return {
    org: overflowValue,
    cluster: overflowValue,
    scope: overflowValue,
    queue: overflowValue,
    jobs: {
      scheduled: sumKnown(({ jobs }) => jobs.scheduled),
      running: sumKnown(({ jobs }) => jobs.running),
      waiting: sumKnown(({ jobs }) => jobs.waiting),
      total: sumKnown(({ jobs }) => jobs.total),
    },
    starved: sumKnown(({ starved }) => starved),
    agents: {
      idle: sumKnown(({ agents }) => agents?.idle),
      busy: sumKnown(({ agents }) => agents?.busy),
      total: sumKnown(({ agents }) => agents?.total),
    },
  };
}

function collectFigures(
  { scope, snapshot }: OwnedSnapshot,
  { isSelected, isHosted }: MapOptions,
): readonly QueueFigures[] {
  const { org, cluster, queues } = snapshot;
  return [...queues]
    .filter(([queue]) => isSelected(queue))
    .map(([queue, counts]) => {
      const jobs = counts.jobs ?? noJobs;
      const isOnDemand = isHosted(queue, scope);
      const agents = findAgents(counts, isOnDemand);
      // Hosted agents come on demand, so none can be missing.
      const starved = agents === undefined || isOnDemand ? undefined : countStarved(jobs, agents);
      return { org, cluster, scope, queue, jobs, agents, starved };
    });
}

/** A queue that only agents mention has no job; one that only jobs mention has no agent. */
const noJobs: JobCounts = { scheduled: 0, running: 0, waiting: 0, total: 0 };
const noAgents: AgentCounts = { idle: 0, busy: 0, total: 0 };

function findAgents({ agents }: QueueCounts, isHosted: boolean): AgentCounts | undefined {
  return agents ?? (isHosted ? undefined : noAgents);
}

function mapNeutralFamilies(queues: readonly QueueFigures[], source: string): readonly MetricFamily[] {
  const labelled = queues.flatMap(({ scope, queue, ...figures }) =>
    scope === undefined ? [] : [{ ...figures, labels: { system: 'buildkite', source, scope, queue } }],
  );
  return [
    buildGauge(
      queueJobs,
      labelled.flatMap(({ labels, jobs }) => [
        ...sampleIfKnown(jobs.scheduled, { ...labels, state: 'queued' }),
        ...sampleIfKnown(jobs.running, { ...labels, state: 'running' }),
        // What the agent API calls waiting is held back by a dependency: no worker could take it.
        ...sampleIfKnown(jobs.waiting, { ...labels, state: 'blocked' }),
      ]),
    ),
    ...mapWorkers(
      labelled.map(({ labels, agents, starved }) => ({ labels, idle: agents?.idle, busy: agents?.busy, starved })),
    ),
  ];
}

/** 0 with a single agent, whatever else is unknown. */
function countStarved({ scheduled }: JobCounts, { idle, busy }: AgentCounts): number | undefined {
  if ((idle ?? 0) > 0 || (busy ?? 0) > 0) return 0;
  return idle === undefined || busy === undefined ? undefined : scheduled;
}

function mapQueueFamilies(queues: readonly QueueFigures[]): readonly MetricFamily[] {
  // One label set for all eight metrics of a queue: with 10,000 queues the copies would be tens of thousands.
  const labelled = queues.map(({ org, cluster, queue, jobs, agents }) => ({
    labels: { cluster: cluster ?? '', org, queue },
    jobs,
    agents,
  }));
  return compatBases.map((compat) =>
    buildGauge(
      defineQueueMetric(compat),
      labelled.flatMap(({ labels, jobs, agents }) => {
        const figure = figures[compat.base](jobs, agents);
        return figure === undefined ? [] : [{ labels, ...figure }];
      }),
    ),
  );
}

function mapTotalFamilies(clusters: readonly OwnedSnapshot[]): readonly MetricFamily[] {
  return compatBases.map((compat) =>
    buildGauge(
      defineTotalMetric(compat),
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
  ScheduledJobsCount: ({ scheduled }) => wrapFigure(scheduled),
  RunningJobsCount: ({ running }) => wrapFigure(running),
  UnfinishedJobsCount: ({ total }) => wrapFigure(total),
  WaitingJobsCount: ({ waiting }) => wrapFigure(waiting),
  IdleAgentCount: (_, agents) => wrapFigure(agents?.idle),
  BusyAgentCount: (_, agents) => wrapFigure(agents?.busy),
  TotalAgentCount: (_, agents) => wrapFigure(agents?.total),
  BusyAgentPercentage: (_, agents) => computePercentage(agents),
};

function wrapFigure(value: number | undefined): Figure | undefined {
  return value === undefined ? undefined : { value };
}

function computePercentage(agents: AgentCounts | undefined): Figure | undefined {
  if (agents?.busy === undefined || agents.total === undefined) return undefined;
  const share = { part: agents.busy, whole: agents.total };
  return { value: computeWholePercent(share), share };
}
