import { CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { App } from 'aws-cdk-lib/core';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import type { Batch } from '../../lambda/model/batch.ts';
import { defaultCollector } from '../../lambda/model/cloud-watch-shape.ts';
import { inCanonicalOrder } from '../../lambda/model/order.ts';
import { embeddedMetricLines } from '../../lambda/report/embedded-metrics.ts';
import { healthFamilies } from '../../lambda/report/health.ts';
import type { RunReport } from '../../lambda/report/report.ts';
import { reportFields } from '../../lambda/report/write.ts';
import { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import { previewOf } from '../../lambda/sinks/cloudwatch/preview.ts';
import { seriesOf } from './series-of.ts';

/** EventBridge Scheduler at one run a minute, in AWS's month of 730 hours. */
export const runsPerMonth = 730 * 60;

const intervalMs = 60_000;
const tickMs = Date.UTC(2026, 0, 1);

/** The configurations whose price the page tells: what a new deployment has, and what saves most of it. */
export const variants = {
  default: { compat: true, cloudWatch: {} },
  neutral: { compat: false, cloudWatch: {} },
  three: {
    compat: true,
    cloudWatch: { metrics: { include: ['ScheduledJobsCount', 'RunningJobsCount', 'StarvedJobs'] }, bareTotals: 'omit' },
  },
} as const;
export type Variant = keyof typeof variants;

export interface CloudWatchBill {
  readonly metrics: number;
  readonly metricsUsd: number;
  readonly ownMetrics: number;
  readonly ownMetricsUsd: number;
  readonly requests: number;
  readonly requestsUsd: number;
}

/** What the real encoder would send of this many queues in one cluster, and its price. */
export function cloudWatchBill(queues: number, variant: Variant): CloudWatchBill {
  const { compat, cloudWatch } = variants[variant];
  const config = CloudWatchConfig.parse({ kind: 'cloudwatch', ...cloudWatch });
  const preview = previewOf(batchOf(queues, compat), { config, collector: defaultCollector, intervalMs });
  if (preview.problems.length > 0)
    throw new Error(`the example is not sent whole: ${preview.problems[0]?.message ?? ''}`);
  const usd = (item: RegExp): number => preview.monthlyCost.find((line) => item.test(line.item))?.usd ?? 0;
  return {
    metrics: preview.samples,
    metricsUsd: usd(/^custom metrics$/),
    ownMetrics: ownMetricCount(),
    ownMetricsUsd: usd(/own metrics/),
    requests: preview.requests,
    requestsUsd: usd(/requests/),
  };
}

/** Metrics that the function logs about itself, whatever its sinks. */
export function ownMetricCount(): number {
  const config = CloudWatchConfig.parse({ kind: 'cloudwatch', collectorMetrics: 'api' });
  return previewOf({ ...batchOf(0, false), parts: [] }, { config, collector: defaultCollector, intervalMs }).samples;
}

/** Samples that remote write sends a run. */
export function remoteWriteSamples(queues: number): number {
  const { parts, health } = batchOf(queues, true);
  const families = [...parts.flatMap((part) => part.families), ...health];
  return families.reduce((sum, { samples }) => sum + samples.length, 0);
}

/** What a run without problems logs: its report and its metrics. */
export function logBytesPerRun(queues: number): number {
  const { health, samples } = measured(queues, true);
  const line = {
    level: 'INFO',
    message: 'run finished',
    timestamp: '',
    requestId: '',
    ...reportFields(reportOf(samples)),
  };
  const embedded = embeddedMetricLines(health, { namespace: 'CI/Collector', collector: defaultCollector, tickMs });
  return [JSON.stringify(line), ...embedded].reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
}

export interface AlarmCount {
  /** On one metric, or on an expression over one. */
  readonly standard: number;
  /** On the states of others. */
  readonly composite: number;
}

/** The alarms of a deployment with one source and one sink. */
export function alarmCount(): AlarmCount {
  const config = CollectorConfig.parse({
    sources: [{ kind: 'buildkite', agentTokens: [{ secret: 'ci-metrics/buildkite' }] }],
    sinks: [{ kind: 'cloudwatch' }],
  });
  const code = lambda.Code.fromInline('export const handler = () => undefined;');
  const { alarms } = new CiMetricsStack(new App(), 'cost', { config, settings: { code } }).collector;
  const composite = alarms.filter((alarm) => alarm instanceof CompositeAlarm).length;
  return { standard: alarms.length - composite, composite };
}

function batchOf(queues: number, compat: boolean): Batch {
  const { families, health } = measured(queues, compat);
  const part = { system: 'buildkite', source: 'buildkite', status: 'complete', families } as const;
  return { tickMs, collectedAtMs: tickMs, parts: [part], health };
}

function measured(queues: number, compat: boolean) {
  const families = inCanonicalOrder(seriesOf(queues, compat));
  const samples = families.reduce((sum, family) => sum + family.samples.length, 0);
  const { collector, startedAtMs, sources, sinks } = reportOf(samples);
  return { families, samples, health: healthFamilies({ collector, scheduledMs: tickMs, startedAtMs, sources, sinks }) };
}

function reportOf(samples: number): RunReport {
  const attempts = new Map([['2xx', 1]]);
  return {
    outcome: 'ok',
    collector: 'ci-metrics',
    tickMs,
    startedAtMs: tickMs + 500,
    durationMs: 1000,
    sources: [
      {
        ...{ id: 'buildkite/buildkite', system: 'buildkite', name: 'buildkite', status: 'complete', durationMs: 500 },
        ...{ samples, overflow: 0, problems: [], lastSuccessMs: tickMs },
        meter: { attempts, bytesSent: 0, bytesReceived: 0 },
      },
    ],
    sinks: [
      {
        ...{ id: 'cloudwatch/cloudwatch', name: 'cloudwatch', durationMs: 500, accepted: samples, requests: 1 },
        ...{ bytes: 10_000, problems: [] },
      },
    ],
  };
}
