import { monthlyMetricCost } from '../../lambda/sinks/cloudwatch/price.ts';
import { monthlyCostOf } from '../../lambda/sinks/remote-write/price.ts';
import {
  alarmCount,
  cloudWatchBill,
  logBytesPerRun,
  ownMetricCount,
  remoteWriteSamples,
  runsPerMonth,
  type Variant,
} from './cost-model.ts';
import { alignedTable } from './table.ts';

/** List prices of us-east-1 in US dollars, November 2026, from the pages "Pricing" of the services. */
const prices = {
  /** A standard alarm, and each metric that a Metrics Insights alarm looks at (CloudWatch). */
  alarm: 0.1,
  compositeAlarm: 0.5,
  secret: 0.4,
  tenThousandSecretReads: 0.05,
  /** On Arm. */
  lambdaGigabyteSecond: 0.000_013_333_4,
  millionInvocations: 0.2,
  logGigabyte: 0.5,
};

/** A run waits for two services; what it waits is what it costs. */
export const secondsPerRun = 2;
const memoryGigabytes = 0.5;

/** `secretCacheMinutes` by default: a warm function reads a secret once in this many runs. */
const runsPerSecretRead = 5;

const sizes = [5, 50, 500] as const;

type Row = readonly [label: string, ...cells: readonly string[]];

/** The tables of `docs/deploying.md`, computed from what would be sent. */
export function costTables(): string {
  const head = ['US dollars a month', ...sizes.map((queues) => `${String(queues)} queues`)];
  return [
    'By item, as the shipped configuration deploys it:',
    alignedTable(head, itemRows()),
    'In total, by what is published:',
    alignedTable(head, totalRows()),
  ].join('\n\n');
}

function itemRows(): readonly Row[] {
  const bills = sizes.map((queues) => cloudWatchBill(queues, 'default'));
  const { standard, composite } = alarmCount();
  return [
    ['custom metrics (number)', ...bills.map(({ metrics }) => count(metrics))],
    ['custom metrics', ...bills.map(({ metricsUsd }) => usd(metricsUsd))],
    [
      `${String(ownMetricCount())} metrics of the collector itself`,
      ...bills.map(({ ownMetricsUsd }) => usd(ownMetricsUsd)),
    ],
    ['`PutMetricData` requests', ...bills.map(({ requestsUsd }) => usd(requestsUsd))],
    ['the alarm that watches all queues', ...sizes.map((queues) => usd(queueAlarm(queues)))],
    [
      `${String(standard - 1)} other alarms, and ${String(composite)} on the states of others`,
      ...sizes.map(() => usd(otherAlarms())),
    ],
    ['function', ...sizes.map(() => usd(functionCost()))],
    ['one secret', ...sizes.map(() => usd(secretCost()))],
    ['log', ...sizes.map((queues) => usd(logCost(queues)))],
    ['**total**', ...sizes.map((queues) => `**${usd(total(queues, 'default'))}**`)],
  ];
}

function totalRows(): readonly Row[] {
  const row = (label: string, variant: Variant): Row => [label, ...sizes.map((queues) => usd(total(queues, variant)))];
  return [
    row("Buildkite's names and what they lack (`compat: true`, the default)", 'default'),
    row('neutral names only (`compat: false`)', 'neutral'),
    row('three metrics a queue (below)', 'three'),
    [
      'no `cloudwatch` sink, but remote write to Amazon Managed Prometheus',
      ...sizes.map((queues) => usd(prometheusTotal(queues))),
    ],
  ];
}

function total(queues: number, variant: Variant): number {
  const { metricsUsd, ownMetricsUsd, requestsUsd } = cloudWatchBill(queues, variant);
  return metricsUsd + ownMetricsUsd + requestsUsd + queueAlarm(queues) + commonCost(queues);
}

/** Without a `cloudwatch` sink there is no metric that an alarm on queues could read. */
function prometheusTotal(queues: number): number {
  const url = new URL('https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write');
  const samples = monthlyCostOf(url, remoteWriteSamples(queues), 60_000).reduce(
    (sum, line) => sum + (line.usd ?? NaN),
    0,
  );
  return samples + monthlyMetricCost(ownMetricCount()) + commonCost(queues);
}

function commonCost(queues: number): number {
  return otherAlarms() + functionCost() + secretCost() + logCost(queues);
}

function otherAlarms(): number {
  const { standard, composite } = alarmCount();
  return (standard - 1) * prices.alarm + composite * prices.compositeAlarm;
}

function queueAlarm(queues: number): number {
  return queues * prices.alarm;
}

function functionCost(): number {
  const gigabyteSeconds = runsPerMonth * secondsPerRun * memoryGigabytes;
  return gigabyteSeconds * prices.lambdaGigabyteSecond + (runsPerMonth / 1e6) * prices.millionInvocations;
}

function secretCost(): number {
  return prices.secret + (runsPerMonth / runsPerSecretRead / 10_000) * prices.tenThousandSecretReads;
}

function logCost(queues: number): number {
  return ((logBytesPerRun(queues) * runsPerMonth) / 1e9) * prices.logGigabyte;
}

function usd(amount: number): string {
  return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function count(amount: number): string {
  return amount.toLocaleString('en-US');
}
