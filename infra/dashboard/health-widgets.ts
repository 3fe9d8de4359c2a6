/** The part of the dashboard about the collector itself. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as logs from 'aws-cdk-lib/aws-logs';
import {
  apiRequests,
  increasesDropped,
  increasesPending,
  increasesUnconfirmed,
  openRuns,
  problemCount,
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
} from '../../lambda/model/catalogue/collector-metrics.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import type { Watched } from '../alarms/collector-alarms.ts';
import { buildMetric } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { chooseScheduleRate } from '../settings.ts';
import { type Graph, buildSection } from './widgets.ts';

/** The collector's own figures. They arrive through its log, whatever its sinks do. */
export function buildHealthRows(
  prepared: Prepared,
  watched: Watched,
  logGroup: logs.ILogGroup,
): cloudwatch.IWidget[][] {
  return [
    ...buildSection(
      'Is the collector alive?',
      'Up is 1 when the last run got or delivered everything. The log below names reason and remedy.',
      [...buildSourceGraphs(prepared), ...buildSinkGraphs(prepared), ...buildRunGraphs(prepared)],
    ),
    ...buildSection(
      'Does it count every run?',
      'Counting that is behind catches up; runs that are lost, and increases that nobody confirmed or that were dropped, are missing in the totals.',
      buildCountingGraphs(prepared),
    ),
    ...buildSection(
      'Does AWS run it?',
      'The function, its schedule and the runs that were lost.',
      buildAwsGraphs(prepared, watched),
    ),
    [buildProblemsWidget(logGroup)],
  ];
}

function buildCountingGraphs(prepared: Prepared): readonly Graph[] {
  const period = chooseScheduleRate(prepared.config);
  const sources = prepared.sources.filter(({ needsState }) => needsState);
  if (sources.length === 0) return [];
  const buildPerSource = (title: string, definition: MetricDefinition, unit?: string): Graph => ({
    title,
    period,
    ...(unit === undefined ? {} : { unit }),
    metrics: sources.map(({ name, system }) =>
      buildLabelledMetric(prepared, definition, { system, source: name }, name),
    ),
  });
  // The other kinds take running totals, of which nothing has to wait.
  const adding = prepared.sinks.filter(({ kind }) => kind === 'cloudwatch');
  const buildPerSink = (title: string, definition: MetricDefinition): readonly Graph[] =>
    adding.length === 0
      ? []
      : [
          {
            title,
            period,
            metrics: adding.map(({ name }) => buildLabelledMetric(prepared, definition, { sink: name }, name)),
          },
        ];
  return [
    buildPerSource('Counting behind', watermarkLag, 'seconds'),
    buildPerSource('Lists cut short', readTruncated),
    buildPerSource('Open runs', openRuns),
    buildPerSource('Runs lost', runsLost),
    buildPerSource('Size of the state', stateBytes, 'bytes'),
    ...buildPerSink('Increases that wait', increasesPending),
    ...buildPerSink('Increases that nobody confirmed', increasesUnconfirmed),
    ...buildPerSink('Increases dropped', increasesDropped),
    ...buildTokenGraphs(prepared, period),
  ];
}

function buildTokenGraphs(prepared: Prepared, period: Graph['period']): readonly Graph[] {
  const telling = prepared.sources.filter(({ metrics }) => metrics.includes(tokenExpiry));
  if (telling.length === 0) return [];
  return [
    {
      title: 'Until a credential ends',
      period,
      unit: 'seconds',
      // How far a line has come down tells more than how low it is: some credentials live for hours, others for a year.
      metrics: telling.flatMap(({ name, system }) => [
        buildLabelledMetric(prepared, tokenExpiry, { system, source: name }, name),
        buildLabelledMetric(prepared, tokenLifetime, { system, source: name }, `${name}, its whole life`),
      ]),
    },
  ];
}

function buildSourceGraphs(prepared: Prepared): readonly Graph[] {
  const buildPerSource = (title: string, definition: MetricDefinition, more: Partial<Graph> = {}): Graph => ({
    title,
    period: chooseScheduleRate(prepared.config),
    metrics: prepared.sources.map(({ name, system }) =>
      buildLabelledMetric(prepared, definition, { system, source: name }, name),
    ),
    ...more,
  });
  return [
    buildPerSource('Sources up', sourceUp, { max: 1 }),
    buildPerSource('Seconds since a source gave everything', sourceLastSuccess, { unit: 'seconds' }),
    buildPerSource('Poll duration', sourceDuration, { unit: 'seconds' }),
    buildPerSource('Samples read', sourceSamples),
    buildPerSource('API requests a run', apiRequests),
    ...buildRateLimitGraphs(prepared),
    buildPerSource('Series over the cap', seriesOverflow),
  ];
}

/** Only for sources whose CI system tells its limit: a graph without a line looks like an error. */
function buildRateLimitGraphs(prepared: Prepared): readonly Graph[] {
  const telling = prepared.sources.filter(({ tellsRateLimit }) => tellsRateLimit);
  if (telling.length === 0) return [];
  return [
    {
      title: 'API quota left',
      period: chooseScheduleRate(prepared.config),
      metrics: telling.map(({ name, system }) =>
        buildLabelledMetric(prepared, quotaRemaining, { system, source: name }, name),
      ),
    },
  ];
}

function buildSinkGraphs(prepared: Prepared): readonly Graph[] {
  const buildPerSink = (title: string, definition: MetricDefinition, more: Partial<Graph> = {}): Graph => ({
    title,
    period: chooseScheduleRate(prepared.config),
    metrics: prepared.sinks.map(({ name }) => buildLabelledMetric(prepared, definition, { sink: name }, name)),
    ...more,
  });
  return [
    buildPerSink('Sinks up', sinkUp, { max: 1 }),
    buildPerSink('Delivery duration', sinkDuration, { unit: 'seconds' }),
    buildPerSink('Samples delivered', sinkSamples),
  ];
}

function buildRunGraphs(prepared: Prepared): readonly Graph[] {
  const { config, sources, sinks } = prepared;
  const period = chooseScheduleRate(config);
  return [
    {
      title: 'Problems of the last run',
      period,
      stacked: true,
      metrics: [...sources, ...sinks].map(({ kind, name }) =>
        buildLabelledMetric(prepared, problemCount, { component: `${kind}/${name}` }, `${kind}/${name}`),
      ),
    },
    {
      title: 'Start behind schedule',
      period,
      unit: 'seconds',
      metrics: [buildLabelledMetric(prepared, runLag, { collector: config.collector }, config.collector)],
    },
  ];
}

function buildLabelledMetric(
  prepared: Prepared,
  definition: MetricDefinition,
  labels: Labels,
  label: string,
): cloudwatch.Metric {
  return buildMetric(prepared, definition, labels, { label });
}

function buildAwsGraphs({ config }: Prepared, { fn, deadLetterQueue, scheduleGroup }: Watched): readonly Graph[] {
  const period = chooseScheduleRate(config);
  const sum = { period, statistic: 'Sum' };
  const timeoutMs = fn.timeout?.toMilliseconds();
  return [
    {
      title: 'Runs, errors and throttles',
      period,
      metrics: [
        fn.metricInvocations({ ...sum, label: 'Runs' }),
        fn.metricErrors({ ...sum, label: 'Errors' }),
        fn.metricThrottles({ ...sum, label: 'Throttles' }),
      ],
    },
    {
      title: 'Run duration',
      period,
      unit: 'milliseconds',
      metrics: [fn.metricDuration({ period, statistic: 'Maximum', label: 'Longest' })],
      ...(timeoutMs === undefined ? {} : { annotations: [{ value: timeoutMs, label: 'timeout' }] }),
    },
    {
      title: 'Lost runs',
      period,
      metrics: [
        deadLetterQueue.metricApproximateNumberOfMessagesVisible({
          period,
          statistic: 'Maximum',
          label: 'Dead letters',
        }),
        scheduleGroup.metricDropped({ ...sum, label: 'Dropped by the schedule' }),
      ],
    },
  ];
}

function buildProblemsWidget(logGroup: logs.ILogGroup): cloudwatch.LogQueryWidget {
  return new cloudwatch.LogQueryWidget({
    title: 'Last runs with problems',
    logGroupNames: [logGroup.logGroupName],
    view: cloudwatch.LogQueryVisualizationType.TABLE,
    queryLines: [
      'fields @timestamp, outcome, @message',
      'filter ispresent(outcome) and outcome != "ok"',
      'sort @timestamp desc',
      'limit 20',
    ],
    width: 24,
    height: 6,
  });
}
