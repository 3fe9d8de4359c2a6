/** What the collector says about itself: its sources, its sinks, its counting and its runs. */
import type { MetricDefinition } from '../metric.ts';
import { problemKinds } from '../problem.ts';
import { defineMetric } from './define-metric.ts';
import { sourceLabels } from './identity-labels.ts';

export const sourceUp = defineMetric({
  name: 'ci_collector_source_up',
  help: '1 when the last poll of a source gave everything, 0 when a part of it or all of it failed.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { namespace: 'collector', name: 'SourceUp', dimensionSets: [sourceLabels], statistic: 'Minimum' },
});

export const sourceDuration = defineMetric({
  name: 'ci_collector_source_duration_seconds',
  help: 'How long the last poll of a source took, retries included.',
  type: 'gauge',
  unit: 'seconds',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: { namespace: 'collector', name: 'SourceDuration', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const sourceLastSuccess = defineMetric({
  name: 'ci_collector_source_last_success_timestamp_seconds',
  help: 'When a source last gave everything, as Unix time; absent until it has.',
  type: 'gauge',
  unit: 'timestamp',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: {
    namespace: 'collector',
    name: 'SecondsSinceSourceSuccess',
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
    conversion: 'age',
  },
});

export const sourceSamples = defineMetric({
  name: 'ci_collector_source_samples',
  help: 'Samples that the last poll of a source gave; a success with 0 is suspicious.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'SourceSamples', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const seriesOverflow = defineMetric({
  name: 'ci_collector_series_overflow',
  help: 'Label sets of the last run that were folded into #other# because of the series cap.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'SeriesOverflow', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const problemCount = defineMetric({
  name: 'ci_collector_problems',
  help: 'Problems of the last run by the source or sink that had them and by kind; 0 for kinds that did not occur.',
  type: 'gauge',
  unit: 'count',
  labels: ['component', 'kind'],
  enumerated: { kind: problemKinds },
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'Problems', statistic: 'Maximum', dimensionSets: [['component']] },
});

export const apiRequests = defineMetric({
  name: 'ci_collector_api_requests',
  help: 'Requests that the last poll of a source sent, retries included, by class of the answer.',
  type: 'gauge',
  unit: 'count',
  labels: [...sourceLabels, 'status'],
  enumerated: { status: ['2xx', '3xx', '4xx', '5xx', 'none'] },
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'ApiRequests', statistic: 'Maximum', dimensionSets: [sourceLabels] },
});

export const quotaRemaining = defineMetric({
  name: 'ci_collector_quota_remaining',
  help: 'Requests that the CI system still allows in its current window; absent where it does not tell.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { namespace: 'collector', name: 'QuotaRemaining', dimensionSets: [sourceLabels], statistic: 'Minimum' },
});

export const quotaLimit = defineMetric({
  name: 'ci_collector_quota_limit',
  help: 'Requests that the CI system allows in one window; absent where it does not tell.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { namespace: 'collector', name: 'QuotaLimit', dimensionSets: [sourceLabels], statistic: 'Minimum' },
});

export const tokenExpiry = defineMetric({
  name: 'ci_collector_token_expiry_timestamp_seconds',
  help: 'When the credential of a source expires, as Unix time; absent for one that does not, or that does not tell.',
  type: 'gauge',
  unit: 'timestamp',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: {
    namespace: 'collector',
    name: 'SecondsUntilTokenExpiry',
    dimensionSets: [sourceLabels],
    statistic: 'Minimum',
    conversion: 'left',
  },
});

export const tokenLifetime = defineMetric({
  name: 'ci_collector_token_lifetime_seconds',
  help: 'From the creation of the credential of a source to its end; absent where one of the two is not told.',
  type: 'gauge',
  unit: 'seconds',
  labels: sourceLabels,
  combination: 'min',
  cloudWatch: { namespace: 'collector', name: 'TokenLifetime', dimensionSets: [sourceLabels], statistic: 'Minimum' },
});

export const watermarkLag = defineMetric({
  name: 'ci_collector_watermark_lag_seconds',
  help: 'How far the counting of finished runs is behind, of the part of a source that is furthest behind.',
  type: 'gauge',
  unit: 'seconds',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: { namespace: 'collector', name: 'WatermarkLag', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const openRuns = defineMetric({
  name: 'ci_collector_open_runs',
  help: 'Runs and jobs that were seen unfinished and whose end is still to be counted.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'OpenRuns', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const readTruncated = defineMetric({
  name: 'ci_collector_read_truncated',
  help: '1 when a page or request budget cut a list of the last poll short, so that counting is behind, 0 otherwise.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: { namespace: 'collector', name: 'ReadTruncated', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const runsLost = defineMetric({
  name: 'ci_collector_runs_lost',
  help: 'Open runs that the last poll gave up: too old, or no longer known to the CI system; their end is not counted.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'RunsLost', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const stateBytes = defineMetric({
  name: 'ci_collector_state_bytes',
  help: 'Size of what is remembered of a source from run to run, before compression.',
  type: 'gauge',
  unit: 'bytes',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'StateBytes', dimensionSets: [sourceLabels], statistic: 'Maximum' },
});

export const increasesPending = defineMetric({
  name: 'ci_collector_increases_pending',
  help: 'Increases of counters that a sink refused and that are sent again; absent for sinks that take running totals.',
  type: 'gauge',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'IncreasesPending', dimensionSets: [['sink']], statistic: 'Maximum' },
});

export const increasesUnconfirmed = defineMetric({
  name: 'ci_collector_increases_unconfirmed',
  help: 'Increases of counters of which the last run learned that nobody knows whether the sink stored them.',
  type: 'gauge',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'IncreasesUnconfirmed', dimensionSets: [['sink']], statistic: 'Maximum' },
});

export const increasesDropped = defineMetric({
  name: 'ci_collector_increases_dropped',
  help: 'Increases of counters that the last run gave up: refused for good, too old, or beyond the size of the outbox.',
  type: 'gauge',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'IncreasesDropped', dimensionSets: [['sink']], statistic: 'Maximum' },
});

export const sinkUp = defineMetric({
  name: 'ci_collector_sink_up',
  help: '1 when a sink accepted everything it was sent, 0 when it refused a part or all; other sinks tell of the run before.',
  type: 'gauge',
  unit: 'count',
  labels: ['sink'],
  combination: 'min',
  cloudWatch: { namespace: 'collector', name: 'SinkUp', dimensionSets: [['sink']], statistic: 'Minimum' },
});

export const sinkDuration = defineMetric({
  name: 'ci_collector_sink_duration_seconds',
  help: 'How long a sink took to deliver, retries included.',
  type: 'gauge',
  unit: 'seconds',
  labels: ['sink'],
  combination: 'max',
  cloudWatch: { namespace: 'collector', name: 'SinkDuration', dimensionSets: [['sink']], statistic: 'Maximum' },
});

export const sinkSamples = defineMetric({
  name: 'ci_collector_sink_samples',
  help: 'Samples that a sink accepted.',
  type: 'gauge',
  unit: 'count',
  labels: ['sink'],
  combination: 'sum',
  cloudWatch: { namespace: 'collector', name: 'SinkSamples', dimensionSets: [['sink']], statistic: 'Maximum' },
});

export const runLag = defineMetric({
  name: 'ci_collector_run_lag_seconds',
  help: 'Delay between the scheduled time of a run and its start; absent for a run that nobody scheduled.',
  type: 'gauge',
  unit: 'seconds',
  labels: ['collector'],
  combination: 'max',
  cloudWatch: { namespace: 'collector', name: 'RunLag', dimensionSets: [['collector']], statistic: 'Maximum' },
});

export const lastRun = defineMetric({
  name: 'ci_collector_last_run_timestamp_seconds',
  help: 'When the collector last ran, as Unix time, whatever came of it.',
  type: 'gauge',
  unit: 'timestamp',
  labels: ['collector'],
  combination: 'max',
  cloudWatch: { namespace: 'collector', name: 'SecondsSinceLastRun', statistic: 'Minimum', dimensionSets: [] },
});

export const buildInfo = defineMetric({
  name: 'ci_collector_build_info',
  help: 'Always 1; the label tells the version of the collector.',
  type: 'gauge',
  unit: 'count',
  labels: ['collector', 'version'],
  combination: 'max',
  cloudWatch: { namespace: 'collector', name: 'BuildInfo', statistic: 'Maximum', dimensionSets: [] },
});

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
