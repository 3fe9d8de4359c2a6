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
} from '../../lambda/model/catalogue/catalogue.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import type { Watched } from '../alarms/collector-alarms.ts';
import { metricOf } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { scheduleRate } from '../settings.ts';
import { type Graph, section } from './widgets.ts';

/** The collector's own figures. They arrive through its log, whatever its sinks do. */
export function healthRows(prepared: Prepared, watched: Watched, logGroup: logs.ILogGroup): cloudwatch.IWidget[][] {
  return [
    ...section(
      'Is the collector alive?',
      'Up is 1 when the last run got or delivered everything. The log below names reason and remedy.',
      [...sourceGraphs(prepared), ...sinkGraphs(prepared), ...runGraphs(prepared)],
    ),
    ...section(
      'Does it count every run?',
      'Counting that is behind catches up; runs that are lost, and increases that nobody confirmed or that were dropped, are missing in the totals.',
      countingGraphs(prepared),
    ),
    ...section(
      'Does AWS run it?',
      'The function, its schedule and the runs that were lost.',
      awsGraphs(prepared, watched),
    ),
    [lastProblems(logGroup)],
  ];
}

function countingGraphs(prepared: Prepared): readonly Graph[] {
  const period = scheduleRate(prepared.config);
  const sources = prepared.sources.filter(({ needsState }) => needsState);
  if (sources.length === 0) return [];
  const perSource = (title: string, definition: MetricDefinition, unit?: string): Graph => ({
    title,
    period,
    ...(unit === undefined ? {} : { unit }),
    metrics: sources.map(({ name, system }) => labelled(prepared, definition, { system, source: name }, name)),
  });
  // The other kinds take running totals, of which nothing has to wait.
  const adding = prepared.sinks.filter(({ kind }) => kind === 'cloudwatch');
  const perSink = (title: string, definition: MetricDefinition): readonly Graph[] =>
    adding.length === 0
      ? []
      : [{ title, period, metrics: adding.map(({ name }) => labelled(prepared, definition, { sink: name }, name)) }];
  return [
    perSource('Counting behind', watermarkLag, 'seconds'),
    perSource('Lists cut short', readTruncated),
    perSource('Open runs', openRuns),
    perSource('Runs lost', runsLost),
    perSource('Size of the state', stateBytes, 'bytes'),
    ...perSink('Increases that wait', increasesPending),
    ...perSink('Increases that nobody confirmed', increasesUnconfirmed),
    ...perSink('Increases dropped', increasesDropped),
    ...tokenGraphs(prepared, period),
  ];
}

function tokenGraphs(prepared: Prepared, period: Graph['period']): readonly Graph[] {
  const telling = prepared.sources.filter(({ metrics }) => metrics.includes(tokenExpiry));
  if (telling.length === 0) return [];
  return [
    {
      title: 'Until a credential ends',
      period,
      unit: 'seconds',
      // How far a line has come down tells more than how low it is: some credentials live for hours, others for a year.
      metrics: telling.flatMap(({ name, system }) => [
        labelled(prepared, tokenExpiry, { system, source: name }, name),
        labelled(prepared, tokenLifetime, { system, source: name }, `${name}, its whole life`),
      ]),
    },
  ];
}

function sourceGraphs(prepared: Prepared): readonly Graph[] {
  const perSource = (title: string, definition: MetricDefinition, more: Partial<Graph> = {}): Graph => ({
    title,
    period: scheduleRate(prepared.config),
    metrics: prepared.sources.map(({ name, system }) => labelled(prepared, definition, { system, source: name }, name)),
    ...more,
  });
  return [
    perSource('Sources up', sourceUp, { max: 1 }),
    perSource('Seconds since a source gave everything', sourceLastSuccess, { unit: 'seconds' }),
    perSource('Poll duration', sourceDuration, { unit: 'seconds' }),
    perSource('Samples read', sourceSamples),
    perSource('API requests a run', apiRequests),
    ...quotaGraphs(prepared),
    perSource('Series over the cap', seriesOverflow),
  ];
}

/** Most CI systems never say it, and a graph without a line looks like a fault. */
function quotaGraphs(prepared: Prepared): readonly Graph[] {
  const telling = prepared.sources.filter(({ tellsQuota }) => tellsQuota);
  if (telling.length === 0) return [];
  return [
    {
      title: 'API quota left',
      period: scheduleRate(prepared.config),
      metrics: telling.map(({ name, system }) => labelled(prepared, quotaRemaining, { system, source: name }, name)),
    },
  ];
}

function sinkGraphs(prepared: Prepared): readonly Graph[] {
  const perSink = (title: string, definition: MetricDefinition, more: Partial<Graph> = {}): Graph => ({
    title,
    period: scheduleRate(prepared.config),
    metrics: prepared.sinks.map(({ name }) => labelled(prepared, definition, { sink: name }, name)),
    ...more,
  });
  return [
    perSink('Sinks up', sinkUp, { max: 1 }),
    perSink('Delivery duration', sinkDuration, { unit: 'seconds' }),
    perSink('Samples delivered', sinkSamples),
  ];
}

function runGraphs(prepared: Prepared): readonly Graph[] {
  const { config, sources, sinks } = prepared;
  const period = scheduleRate(config);
  return [
    {
      title: 'Problems of the last run',
      period,
      stacked: true,
      metrics: [...sources, ...sinks].map(({ kind, name }) =>
        labelled(prepared, problemCount, { component: `${kind}/${name}` }, `${kind}/${name}`),
      ),
    },
    {
      title: 'Start behind schedule',
      period,
      unit: 'seconds',
      metrics: [labelled(prepared, runLag, { collector: config.collector }, config.collector)],
    },
  ];
}

function labelled(prepared: Prepared, definition: MetricDefinition, labels: Labels, label: string): cloudwatch.Metric {
  return metricOf(prepared, definition, labels, { label });
}

function awsGraphs({ config }: Prepared, { fn, deadLetterQueue, scheduleGroup }: Watched): readonly Graph[] {
  const period = scheduleRate(config);
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

function lastProblems(logGroup: logs.ILogGroup): cloudwatch.LogQueryWidget {
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
