import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { queueJobs, starvedJobs, workers, workerUtilization } from '../lambda/model/catalogue.ts';
import { dimensionName } from '../lambda/model/cloud-watch-shape.ts';
import type { Labels, MetricDefinition } from '../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../lambda/sinks/cloudwatch/config.ts';
import type { Prepared } from './prepared.ts';
import { type PublishedMetric, namesOf, publishedMetrics } from './published.ts';
import { scheduleRate } from './settings.ts';
import { type Graph, section } from './widgets.ts';

/** One graph: a neutral metric, and the value of the label that its CloudWatch name stands for. */
interface Panel {
  readonly title: string;
  readonly metric: MetricDefinition;
  readonly labels?: Labels;
  readonly stacked?: boolean;
  readonly alarm?: { readonly above: number; readonly label: string };
}

interface Question {
  readonly question: string;
  readonly explanation: string;
  readonly panels: readonly Panel[];
}

const questions: readonly Question[] = [
  {
    question: 'Is CI fast?',
    explanation:
      'Queued jobs could start now and wait for a worker: near 0 beside those that run, jobs start at once; a queue that grows while its workers run is short of them.',
    panels: [
      { title: 'Queued jobs', metric: queueJobs, labels: { state: 'queued' }, stacked: true },
      { title: 'Running jobs', metric: queueJobs, labels: { state: 'running' }, stacked: true },
    ],
  },
  {
    question: 'Is a queue stuck?',
    explanation:
      'Starved jobs are queued where no worker is idle or busy; above 0 for minutes, nothing will start them. Blocked jobs wait for other jobs or for a person, not for a worker.',
    panels: [
      { title: 'Starved jobs', metric: starvedJobs, alarm: { above: 0, label: 'alarm above' } },
      { title: 'Blocked jobs', metric: queueJobs, labels: { state: 'blocked' }, stacked: true },
    ],
  },
  {
    question: 'Are there workers?',
    explanation: 'Above 95 % for long, a pool is too small; below 70 %, it is too large.',
    panels: [
      { title: 'Idle workers', metric: workers, labels: { state: 'idle' }, stacked: true },
      { title: 'Busy workers', metric: workers, labels: { state: 'busy' }, stacked: true },
      { title: 'Utilisation', metric: workerUtilization, alarm: { above: 95, label: 'short of workers' } },
    ],
  },
];

/** What the first `cloudwatch` sink publishes of every queue, also of queues that appear later; nothing without one. */
export function queueRows(prepared: Prepared): cloudwatch.IWidget[][] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return [];
  const perQueue = publishedMetrics(prepared, sink).filter(({ labels }) => labels.includes('queue'));
  const period = scheduleRate(prepared.config);
  return questions.flatMap(({ question, explanation, panels }) =>
    section(
      question,
      explanation,
      panels.flatMap((panel) => graphOf(panel, perQueue, sink, period)),
    ),
  );
}

function graphOf(
  panel: Panel,
  perQueue: readonly PublishedMetric[],
  sink: CloudWatchConfig,
  period: Duration,
): readonly Graph[] {
  const shown = perQueue.filter((published) => isShown(panel, published));
  if (shown.length === 0) return [];
  const { title, stacked = false, alarm } = panel;
  return [
    {
      title,
      period,
      stacked,
      metrics: shown.map((published) => searchOf(published, sink, period)),
      ...(alarm === undefined ? {} : { annotations: [{ value: alarm.above, label: alarm.label }] }),
    },
  ];
}

/** The neutral metric itself, or the vendor's that is published in its place. */
function isShown({ metric, labels = {} }: Panel, { definition, name }: PublishedMetric): boolean {
  const { replaces } = definition;
  if (replaces !== undefined) return replaces.metric === metric.name && isSame(replaces.labels ?? {}, labels);
  return definition === metric && namesOf(metric).some((own) => own.name === name && isSame(own.labels, labels));
}

function isSame(a: Labels, b: Labels): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}

/** A series a queue, found when the dashboard is looked at (CloudWatch user guide, "search expressions"). */
function searchOf(
  { definition, namespace, name, labels, dimensions }: PublishedMetric,
  sink: CloudWatchConfig,
  period: Duration,
): cloudwatch.SearchExpression {
  const schema = [namespace, ...dimensions].map(searchTerm).join(',');
  const { statistic } = definition.cloudWatch;
  const place = labels.filter((label) => label === 'scope' || label === 'cluster' || label === 'org');
  return new cloudwatch.SearchExpression({
    expression: `SEARCH('{${schema}} MetricName="${name}"', '${statistic}', ${String(period.toSeconds())})`,
    label: [...place.slice(-1), 'queue'].map((label) => `\${PROP('Dim.${dimensionName(label)}')}`).join(' '),
    period,
    ...(sink.region === undefined ? {} : { searchRegion: sink.region }),
  });
}

/** Names with spaces or other characters than letters, digits and slashes stand in quotes. */
function searchTerm(text: string): string {
  return /^[A-Za-z0-9/_]+$/.test(text) ? text : `"${text}"`;
}
