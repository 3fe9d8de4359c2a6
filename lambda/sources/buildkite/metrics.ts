/** Metrics of the Buildkite source, and what it never sends. */
import type { Absence } from '../../model/catalogue/absence.ts';
import {
  queueJobs,
  queueOldestWait,
  queuePaused,
  queuePausedSince,
  queueRecentJobs,
  queueWaitQuantile,
  starvedJobs,
  workers,
  workerUtilization,
} from '../../model/catalogue/queue-metrics.ts';
import { credentialMetrics } from '../../model/credential.ts';
import { defineMetric } from '../../model/catalogue/define-metric.ts';
import type { Labels, MetricDefinition } from '../../model/metric.ts';
import { jobBusySeconds, jobDuration, jobsFinished, jobWait } from '../../model/catalogue/job-metrics.ts';
import {
  runActiveDuration,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  runWait,
  systemErrors,
} from '../../model/catalogue/run-metrics.ts';
import { type BuildkiteConfig, hasTotals, resolveApiSettings } from './config.ts';

/** Neutral metrics of the agent API; with an API token `ci_queue_jobs` has further states. */
const agentMetrics = [queueJobs, starvedJobs, workers, workerUtilization] as const;

/** What the waiting jobs and the queues of the GraphQL API say. */
const waitMetrics = [queueOldestWait, queuePaused, queuePausedSince, queueRecentJobs, queueWaitQuantile] as const;

/** What builds say. */
const buildMetrics = [
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runWait,
  runsActive,
  runsFinished,
  runsStuck,
  systemErrors,
] as const;

/** What the jobs of builds say; only they tell when people were waited for. */
const jobMetrics = [jobBusySeconds, jobDuration, jobWait, jobsFinished, runActiveDuration] as const;

/** The figures of buildkite-agent-metrics v5.12.4; its code counts, its README prints some names wrongly. */
export const compatBases = [
  { base: 'ScheduledJobsCount', suffix: 'scheduled_jobs_count', twin: [queueJobs.name, { state: 'queued' }] },
  { base: 'RunningJobsCount', suffix: 'running_jobs_count', twin: [queueJobs.name, { state: 'running' }] },
  { base: 'UnfinishedJobsCount', suffix: 'unfinished_jobs_count' },
  { base: 'WaitingJobsCount', suffix: 'waiting_jobs_count', twin: [queueJobs.name, { state: 'blocked' }] },
  { base: 'IdleAgentCount', suffix: 'idle_agent_count', twin: [workers.name, { state: 'idle' }] },
  { base: 'BusyAgentCount', suffix: 'busy_agent_count', twin: [workers.name, { state: 'busy' }] },
  { base: 'TotalAgentCount', suffix: 'total_agent_count' },
  { base: 'BusyAgentPercentage', suffix: 'busy_agent_percentage', twin: [workerUtilization.name] },
] as const satisfies readonly {
  readonly base: string;
  readonly suffix: string;
  /** The neutral metric that says the same of one queue. */
  readonly twin?: readonly [name: string, labels?: Labels];
}[];

export type CompatBase = (typeof compatBases)[number];
export type CompatBaseName = CompatBase['base'];

export type TotalLabel = 'cluster' | 'org';
export type QueueLabel = TotalLabel | 'queue';

function buildCommon(base: CompatBaseName) {
  const isPercentage = base === 'BusyAgentPercentage';
  return {
    type: 'gauge',
    unit: isPercentage ? 'percent' : 'count',
    combination: isPercentage ? 'whole-percent' : 'sum',
  } as const;
}

/** Unit `Count` also for the percentage, as the existing tool sends it. */
const compatShape = { namespace: { vendor: 'Buildkite' }, unit: 'Count', statistic: 'Maximum' } as const;

/** Of a whole cluster; the set without dimensions is the sum over all configured clusters. */
export function defineTotalMetric({ base, suffix }: CompatBase): MetricDefinition<'gauge', TotalLabel> {
  return defineMetric({
    ...buildCommon(base),
    name: `buildkite_total_${suffix}`,
    help: `Buildkite Total: ${base}`,
    labels: ['cluster', 'org'],
    cloudWatch: { ...compatShape, name: base, dimensionSets: [['org', 'cluster'], ['org'], []] },
  });
}

export function defineQueueMetric(compat: CompatBase): MetricDefinition<'gauge', QueueLabel> {
  const { base, suffix } = compat;
  const definition = defineMetric({
    ...buildCommon(base),
    name: `buildkite_queues_${suffix}`,
    help: `Buildkite Queues: ${base}`,
    labels: ['cluster', 'org', 'queue'],
    cloudWatch: { ...compatShape, name: base, dimensionSets: [['org', 'cluster', 'queue']] },
  });
  if (!('twin' in compat)) return definition;
  const [metric, labels] = compat.twin;
  return { ...definition, replaces: labels === undefined ? { metric } : { metric, labels } };
}

const compatTotals: readonly MetricDefinition[] = compatBases.map(defineTotalMetric);
const compatQueues: readonly MetricDefinition[] = compatBases.map(defineQueueMetric);
const compatMetrics: readonly MetricDefinition[] = [...compatTotals, ...compatQueues];

/** All that the source may send. */
export const buildkiteMetrics: readonly MetricDefinition[] = [
  ...agentMetrics,
  ...waitMetrics,
  ...buildMetrics,
  ...jobMetrics,
  ...credentialMetrics,
  ...compatMetrics,
];

export function selectMetrics(config: BuildkiteConfig): readonly MetricDefinition[] {
  return [...agentMetrics, ...selectApiMetrics(config), ...selectCompatMetrics(config)];
}

function selectApiMetrics(config: BuildkiteConfig): readonly MetricDefinition[] {
  const settings = resolveApiSettings(config);
  if (settings === undefined) return [];
  const { waits, jobs } = settings;
  return [
    ...(waits === 'off' ? [] : waitMetrics),
    ...buildMetrics,
    ...(jobs === 'skip' ? [] : jobMetrics),
    ...credentialMetrics,
  ];
}

function selectCompatMetrics(config: BuildkiteConfig): readonly MetricDefinition[] {
  if (!config.compat || config.agentTokens === undefined) return [];
  return hasTotals(config) ? compatMetrics : compatQueues;
}

/** What Buildkite's APIs have no word for, or only in some of them. */
export function describeAbsences(config: BuildkiteConfig): readonly Absence[] {
  const settings = resolveApiSettings(config);
  const waits = settings?.waits ?? 'off';
  return [
    { metric: workers, values: { label: 'state', are: ['offline', 'paused'] }, when: 'always' },
    // Only GraphQL tells jobs that a stack has reserved, and those that a limit holds back.
    ...omitUnless(waits === 'graphql', queueJobs, ['reserved', 'limited']),
    // Only the agent API tells jobs behind a dependency.
    ...omitUnless(config.agentTokens !== undefined, queueJobs, ['blocked']),
    ...(waits === 'graphql' ? [] : ofGraphql.map((metric): Absence => ({ metric, when: 'always' }))),
    { metric: queuePausedSince, when: 'usually' },
    { metric: systemErrors, when: 'usually' },
    { metric: runsActive, values: { label: 'state', are: ['waiting'] }, when: 'always' },
    ...credentialMetrics.map((metric): Absence => ({ metric, when: 'usually' })),
  ];
}

/** The clusters with their queues, which REST does not show. */
const ofGraphql = [queuePaused, queuePausedSince, queueRecentJobs, queueWaitQuantile] as const;

function omitUnless(isKnown: boolean, metric: MetricDefinition, states: readonly string[]): readonly Absence[] {
  return isKnown ? [] : [{ metric, values: { label: 'state', are: states }, when: 'always' }];
}
