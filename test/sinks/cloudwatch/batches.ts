/** Batches and settings for tests of the sink `cloudwatch`, those of buildkite-agent-metrics among them. */
import { queueJobs, workerUtilization } from '../../../lambda/model/catalogue/queue-metrics.ts';
import type { Batch, SourceOutput } from '../../../lambda/model/batch.ts';
import {
  buildCounter,
  buildDistribution,
  buildGauge,
  type MetricDefinition,
  type MetricFamily,
} from '../../../lambda/model/metric.ts';
import { computeWholePercent } from '../../../lambda/model/families/roll-up.ts';
import { CloudWatchConfig } from '../../../lambda/sinks/cloudwatch/config.ts';

/** A whole minute shortly before now: the fake refuses what is too old, as CloudWatch does. */
export const tickMs = Math.floor(Date.now() / 60_000) * 60_000;

export function config(settings: Record<string, unknown> = {}): CloudWatchConfig {
  return CloudWatchConfig.parse({ kind: 'cloudwatch', ...settings });
}

export function part(families: readonly MetricFamily[], rest: Partial<SourceOutput> = {}): SourceOutput {
  return { system: 'buildkite', source: 'main', status: 'complete', families, ...rest };
}

export function batch(parts: readonly SourceOutput[], health: readonly MetricFamily[] = []): Batch {
  return { tickMs, collectedAtMs: tickMs + 1500, sources: parts, health };
}

/** What buildkite-agent-metrics publishes: name, its key in the agent API's answer, and the neutral series that it repeats. */
const vendorMetrics = [
  ['ScheduledJobsCount', 'scheduled', { metric: 'ci_queue_jobs', labels: { state: 'queued' } }],
  ['RunningJobsCount', 'running', { metric: 'ci_queue_jobs', labels: { state: 'running' } }],
  ['UnfinishedJobsCount', 'unfinished', undefined],
  ['WaitingJobsCount', 'waiting', undefined],
  ['IdleAgentCount', 'idle', undefined],
  ['BusyAgentCount', 'busy', undefined],
  ['TotalAgentCount', 'total', undefined],
  ['BusyAgentPercentage', 'percentage', undefined],
] as const;

type Count = Exclude<(typeof vendorMetrics)[number][1], 'percentage'>;
export type Counts = Readonly<Partial<Record<Count, number>>>;

export interface AgentApiAnswer {
  readonly org: string;
  /** Empty for an unclustered token. */
  readonly cluster: string;
  readonly total: Counts;
  readonly queues: Readonly<Record<string, Counts>>;
}

/** The golden answer of the agent API: a queue with agents, and one without an entry under `agents`. */
export function answer(rest: Partial<AgentApiAnswer> = {}): AgentApiAnswer {
  return {
    org: 'acme',
    cluster: 'Cluster A',
    total: { scheduled: 3, running: 1, unfinished: 4, waiting: 2, idle: 2, busy: 1, total: 3 },
    queues: {
      default: { scheduled: 2, running: 1, unfinished: 3, waiting: 2, idle: 2, busy: 1, total: 3 },
      deploy: { scheduled: 1, running: 0, unfinished: 1, waiting: 0 },
    },
    ...rest,
  };
}

function vendorDefinition(
  name: string,
  replaces: MetricDefinition['replaces'],
  kind: 'total' | 'queues',
): MetricDefinition<'gauge', 'org' | 'cluster' | 'queue'> {
  const suffix = name.replace(/(?!^)[A-Z]/g, (capital) => `_${capital}`).toLowerCase();
  return {
    name: `buildkite_${kind}_${suffix}`,
    help: `Buildkite ${kind}: ${name}`,
    type: 'gauge',
    unit: name.endsWith('Percentage') ? 'percent' : 'count',
    labels: kind === 'total' ? ['org', 'cluster'] : ['org', 'cluster', 'queue'],
    combination: name.endsWith('Percentage') ? 'whole-percent' : 'sum',
    cloudWatch: {
      namespace: { vendor: 'Buildkite' },
      name,
      unit: 'Count',
      dimensionSets: kind === 'total' ? [['org', 'cluster'], ['org'], []] : [['org', 'cluster', 'queue']],
      statistic: 'Maximum',
    },
    ...(replaces === undefined || kind === 'total' ? {} : { replaces }),
  };
}

const vendorDefinitions = vendorMetrics.map(([name, key, replaces]) => ({
  key,
  total: vendorDefinition(name, replaces, 'total'),
  queues: vendorDefinition(name, replaces, 'queues'),
}));

/** Families with buildkite-agent-metrics' names for some answers, as a source with `compat: true` gives them. */
export function vendorFamilies(answers: readonly AgentApiAnswer[]): readonly MetricFamily[] {
  return vendorDefinitions.flatMap(({ key, total, queues }) => [
    buildGauge(
      total,
      answers.flatMap(({ org, cluster, total: counts }) => sample({ org, cluster, queue: '' }, counts, key)),
    ),
    buildGauge(
      queues,
      answers.flatMap(({ org, cluster, queues: byName }) =>
        Object.entries(byName).flatMap(([queue, counts]) => sample({ org, cluster, queue }, counts, key)),
      ),
    ),
  ]);
}

function sample(
  labels: Readonly<Record<'org' | 'cluster' | 'queue', string>>,
  counts: Counts,
  key: (typeof vendorMetrics)[number][1],
): { labels: typeof labels; value: number; share?: { part: number; whole: number } }[] {
  if (key === 'percentage') {
    const { busy, total } = counts;
    if (busy === undefined || total === undefined) return [];
    const share = { part: busy, whole: total };
    return [{ labels, share, value: computeWholePercent(share) }];
  }
  const value = counts[key];
  return value === undefined ? [] : [{ labels, value }];
}

/** Neutral queue metrics of one source. */
export function queued(
  queues: Readonly<Record<string, number>>,
  { source = 'main', scope = 'Cluster A', state = 'queued' } = {},
): MetricFamily {
  return buildGauge(
    queueJobs,
    Object.entries(queues).map(([queue, value]) => ({
      labels: { system: 'buildkite', source, scope, queue, state },
      value,
    })),
  );
}

export function utilization(busy: number, whole: number, queue = 'default'): MetricFamily {
  const labels = { system: 'buildkite', source: 'main', scope: 'Cluster A', queue };
  return buildGauge(workerUtilization, [{ labels, share: { part: busy, whole }, value: busy / whole }]);
}

const pipelineLabels = ['system', 'source', 'pipeline'] as const;

const runs: MetricDefinition<'counter', (typeof pipelineLabels)[number]> = {
  name: 'ci_runs_total',
  help: 'Finished runs.',
  type: 'counter',
  unit: 'count',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: {
    namespace: 'neutral',
    name: 'Runs',
    unit: 'Count',
    dimensionSets: [pipelineLabels, ['system', 'source']],
    statistic: 'Sum',
  },
};

const runDuration: MetricDefinition<'distribution', (typeof pipelineLabels)[number]> = {
  ...runs,
  name: 'ci_run_duration_seconds',
  help: 'Time from start to finish.',
  type: 'distribution',
  unit: 'seconds',
  cloudWatch: {
    namespace: 'neutral',
    name: 'RunDuration',
    unit: 'Seconds',
    dimensionSets: [pipelineLabels],
    statistic: 'p95',
  },
};

export function finished(increase: number, pipeline = 'web'): MetricFamily {
  return buildCounter(runs, [{ labels: { system: 'buildkite', source: 'main', pipeline }, increase }]);
}

export function durations(observations: readonly number[], pipeline = 'web'): MetricFamily {
  return buildDistribution(runDuration, [{ labels: { system: 'buildkite', source: 'main', pipeline }, observations }]);
}
