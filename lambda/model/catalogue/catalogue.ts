/** The catalogue: every metric that the collector names itself, about queues, workers and its own health. */

/**
 * Docs, dashboards, alarms, rules and tests are derived from this list, so a name cannot drift. A vendor's own names
 * stand in the source that publishes them.
 */
import { type QueueLabel, queueLabels, queueSets, sourceLabels } from './identity-labels.ts';
import type { CloudWatchShape, MetricDefinition } from '../metric.ts';
import { problemKinds } from '../problem.ts';
import { deploymentMetrics } from './deployment-metrics.ts';
import { runMetrics } from './run-metrics.ts';

const jobStates = ['queued', 'reserved', 'running', 'blocked', 'limited'] as const;
const workerStates = ['idle', 'busy', 'offline', 'paused'] as const;

function shapeQueueGauge<Label extends string = QueueLabel>(
  name: CloudWatchShape<Label | QueueLabel>['name'],
  unit: 'Count' | 'Seconds' = 'Count',
): CloudWatchShape<Label | QueueLabel> {
  return { namespace: 'neutral', name, unit, dimensionSets: queueSets, statistic: 'Maximum' };
}

export const queueJobs: MetricDefinition<'gauge', QueueLabel | 'state'> = {
  name: 'ci_queue_jobs',
  help: 'Jobs in a queue by state; queued jobs could start now and wait for a worker.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'state'],
  enumerated: { state: jobStates },
  combination: 'sum',
  cloudWatch: shapeQueueGauge<'state'>({
    label: 'state',
    names: {
      queued: 'QueuedJobs',
      reserved: 'ReservedJobs',
      running: 'RunningJobs',
      blocked: 'BlockedJobs',
      limited: 'LimitedJobs',
    },
  }),
};

export const starvedJobs: MetricDefinition<'gauge', QueueLabel> = {
  name: 'ci_queue_starved_jobs',
  help: 'Queued jobs of a queue in which no worker is idle or busy; 0 where there is a worker or nothing is queued.',
  type: 'gauge',
  unit: 'count',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: shapeQueueGauge('StarvedJobs'),
};

export const workers: MetricDefinition<'gauge', QueueLabel | 'state'> = {
  name: 'ci_workers',
  help: 'Workers (agents, runners) that serve a queue, by state.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'state'],
  enumerated: { state: workerStates },
  combination: 'sum',
  cloudWatch: shapeQueueGauge<'state'>({
    label: 'state',
    names: { idle: 'IdleWorkers', busy: 'BusyWorkers', offline: 'OfflineWorkers', paused: 'PausedWorkers' },
  }),
};

export const workerUtilization: MetricDefinition<'gauge', QueueLabel> = {
  name: 'ci_worker_utilization_ratio',
  help: 'Busy workers divided by idle and busy workers; absent without workers.',
  type: 'gauge',
  unit: 'ratio',
  labels: queueLabels,
  combination: 'ratio',
  cloudWatch: {
    namespace: 'neutral',
    name: 'WorkerUtilization',
    unit: 'Percent',
    dimensionSets: queueSets,
    statistic: 'Average',
    conversion: 'percent',
  },
};

interface OwnGauge<Label extends string> {
  readonly name: `ci_collector_${string}`;
  readonly help: string;
  readonly unit: MetricDefinition['unit'];
  readonly labels: readonly Label[];
  readonly enumerated?: MetricDefinition<'gauge', Label>['enumerated'];
  readonly combination: 'sum' | 'max' | 'min';
  readonly cloudWatch: Pick<CloudWatchShape<Label>, 'name' | 'unit' | 'statistic'> &
    Partial<Pick<CloudWatchShape<Label>, 'conversion' | 'dimensionSets'>>;
}

function defineOwn<const Label extends string>(metric: OwnGauge<Label>): MetricDefinition<'gauge', Label> {
  const { cloudWatch, ...rest } = metric;
  return {
    ...rest,
    type: 'gauge',
    cloudWatch: { namespace: 'collector', dimensionSets: [metric.labels], ...cloudWatch },
  };
}

export const sourceUp = defineOwn({
  name: 'ci_collector_source_up',
  help: '1 when the last poll of a source gave everything, 0 when a part of it or all of it failed.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { name: 'SourceUp', unit: 'Count', statistic: 'Minimum' },
});

export const sourceDuration = defineOwn({
  name: 'ci_collector_source_duration_seconds',
  help: 'How long the last poll of a source took, retries included.',
  unit: 'seconds',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: { name: 'SourceDuration', unit: 'Seconds', statistic: 'Maximum' },
});

export const sourceLastSuccess = defineOwn({
  name: 'ci_collector_source_last_success_timestamp_seconds',
  help: 'When a source last gave everything, as Unix time; absent until it has.',
  unit: 'timestamp',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { name: 'SecondsSinceSourceSuccess', unit: 'Seconds', statistic: 'Maximum', conversion: 'age' },
});

export const sourceSamples = defineOwn({
  name: 'ci_collector_source_samples',
  help: 'Samples that the last poll of a source gave; a success with 0 is suspicious.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { name: 'SourceSamples', unit: 'Count', statistic: 'Maximum' },
});

export const seriesOverflow = defineOwn({
  name: 'ci_collector_series_overflow',
  help: 'Label sets of the last run that were folded into #other# because of the series cap.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { name: 'SeriesOverflow', unit: 'Count', statistic: 'Maximum' },
});

export const problemCount = defineOwn({
  name: 'ci_collector_problems',
  help: 'Problems of the last run by the source or sink that had them and by kind; 0 for kinds that did not occur.',
  unit: 'count',
  labels: ['component', 'kind'],
  enumerated: { kind: problemKinds },
  combination: 'sum',
  cloudWatch: { name: 'Problems', unit: 'Count', statistic: 'Maximum', dimensionSets: [['component']] },
});

export const apiRequests = defineOwn({
  name: 'ci_collector_api_requests',
  help: 'Requests that the last poll of a source sent, retries included, by class of the answer.',
  unit: 'count',
  labels: [...sourceLabels, 'status'],
  enumerated: { status: ['2xx', '3xx', '4xx', '5xx', 'none'] },
  combination: 'sum',
  cloudWatch: { name: 'ApiRequests', unit: 'Count', statistic: 'Maximum', dimensionSets: [sourceLabels] },
});

export const quotaRemaining = defineOwn({
  name: 'ci_collector_quota_remaining',
  help: 'Requests that the CI system still allows in its current window; absent where it does not tell.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { name: 'QuotaRemaining', unit: 'Count', statistic: 'Minimum' },
});

export const quotaLimit = defineOwn({
  name: 'ci_collector_quota_limit',
  help: 'Requests that the CI system allows in one window; absent where it does not tell.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { name: 'QuotaLimit', unit: 'Count', statistic: 'Minimum' },
});

export const tokenExpiry = defineOwn({
  name: 'ci_collector_token_expiry_timestamp_seconds',
  help: 'When the credential of a source expires, as Unix time; absent for one that does not, or that does not tell.',
  unit: 'timestamp',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { name: 'SecondsUntilTokenExpiry', unit: 'Seconds', statistic: 'Minimum', conversion: 'left' },
});

export const tokenLifetime = defineOwn({
  name: 'ci_collector_token_lifetime_seconds',
  help: 'From the creation of the credential of a source to its end; absent where one of the two is not told.',
  unit: 'seconds',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { name: 'TokenLifetime', unit: 'Seconds', statistic: 'Minimum' },
});

export const watermarkLag = defineOwn({
  name: 'ci_collector_watermark_lag_seconds',
  help: 'How far the counting of finished runs is behind, of the part of a source that is furthest behind.',
  unit: 'seconds',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: { name: 'WatermarkLag', unit: 'Seconds', statistic: 'Maximum' },
});

export const openRuns = defineOwn({
  name: 'ci_collector_open_runs',
  help: 'Runs and jobs that were seen unfinished and whose end is still to be counted.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { name: 'OpenRuns', unit: 'Count', statistic: 'Maximum' },
});

export const readTruncated = defineOwn({
  name: 'ci_collector_read_truncated',
  help: '1 when a page or request budget cut a list of the last poll short, so that counting is behind, 0 otherwise.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: { name: 'ReadTruncated', unit: 'Count', statistic: 'Maximum' },
});

export const runsLost = defineOwn({
  name: 'ci_collector_runs_lost',
  help: 'Open runs that the last poll gave up: too old, or no longer known to the CI system; their end is not counted.',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { name: 'RunsLost', unit: 'Count', statistic: 'Maximum' },
});

export const stateBytes = defineOwn({
  name: 'ci_collector_state_bytes',
  help: 'Size of what is remembered of a source from run to run, before compression.',
  unit: 'bytes',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { name: 'StateBytes', unit: 'Bytes', statistic: 'Maximum' },
});

export const increasesPending = defineOwn({
  name: 'ci_collector_increases_pending',
  help: 'Increases of counters that a sink refused and that are sent again; absent for sinks that take running totals.',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { name: 'IncreasesPending', unit: 'Count', statistic: 'Maximum' },
});

export const increasesUnconfirmed = defineOwn({
  name: 'ci_collector_increases_unconfirmed',
  help: 'Increases of counters of which the last run learned that nobody knows whether the sink stored them.',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { name: 'IncreasesUnconfirmed', unit: 'Count', statistic: 'Maximum' },
});

export const increasesDropped = defineOwn({
  name: 'ci_collector_increases_dropped',
  help: 'Increases of counters that the last run gave up: refused for good, too old, or beyond the size of the outbox.',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { name: 'IncreasesDropped', unit: 'Count', statistic: 'Maximum' },
});

export const sinkUp = defineOwn({
  name: 'ci_collector_sink_up',
  help: '1 when a sink accepted everything it was sent, 0 when it refused a part or all; other sinks tell of the run before.',
  unit: 'count',
  labels: ['sink'],
  combination: 'min',
  cloudWatch: { name: 'SinkUp', unit: 'Count', statistic: 'Minimum' },
});

export const sinkDuration = defineOwn({
  name: 'ci_collector_sink_duration_seconds',
  help: 'How long a sink took to deliver, retries included.',
  unit: 'seconds',
  labels: ['sink'],
  combination: 'max',
  cloudWatch: { name: 'SinkDuration', unit: 'Seconds', statistic: 'Maximum' },
});

export const sinkSamples = defineOwn({
  name: 'ci_collector_sink_samples',
  help: 'Samples that a sink accepted.',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { name: 'SinkSamples', unit: 'Count', statistic: 'Maximum' },
});

export const runLag = defineOwn({
  name: 'ci_collector_run_lag_seconds',
  help: 'Delay between the scheduled time of a run and its start; absent for a run that nobody scheduled.',
  unit: 'seconds',
  labels: ['collector'],
  combination: 'max',
  cloudWatch: { name: 'RunLag', unit: 'Seconds', statistic: 'Maximum' },
});

export const lastRun = defineOwn({
  name: 'ci_collector_last_run_timestamp_seconds',
  help: 'When the collector last ran, as Unix time, whatever came of it.',
  unit: 'timestamp',
  labels: ['collector'],
  combination: 'max',
  cloudWatch: { name: 'SecondsSinceLastRun', unit: 'Seconds', statistic: 'Minimum', dimensionSets: [] },
});

export const buildInfo = defineOwn({
  name: 'ci_collector_build_info',
  help: 'Always 1; the label tells the version of the collector.',
  unit: 'count',
  labels: ['collector', 'version'],
  combination: 'max',
  cloudWatch: { name: 'BuildInfo', unit: 'Count', statistic: 'Maximum', dimensionSets: [] },
});

/** What the sources say about CI, in their common vocabulary. */
export const ciMetrics = [
  ...runMetrics,
  ...deploymentMetrics,
  queueJobs,
  starvedJobs,
  workers,
  workerUtilization,
] as const satisfies readonly MetricDefinition[];

/** What the collector says about itself. */
export const collectorMetrics = [
  apiRequests,
  buildInfo,
  increasesDropped,
  increasesPending,
  increasesUnconfirmed,
  lastRun,
  openRuns,
  problemCount,
  quotaLimit,
  quotaRemaining,
  readTruncated,
  runLag,
  runsLost,
  seriesOverflow,
  sinkDuration,
  sinkSamples,
  sinkUp,
  sourceDuration,
  sourceLastSuccess,
  sourceSamples,
  sourceUp,
  stateBytes,
  tokenExpiry,
  tokenLifetime,
  watermarkLag,
] as const satisfies readonly MetricDefinition[];

export const catalogue: readonly MetricDefinition[] = [...ciMetrics, ...collectorMetrics];
