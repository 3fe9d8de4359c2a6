/** Runs for tests of the page: batches of queues and pipelines, and reports with and without problems. */
import type { Batch } from '../../lambda/model/batch.ts';
import { queueJobs, queueOldestWait, starvedJobs, workers } from '../../lambda/model/catalogue/queue-metrics.ts';
import { jobWait } from '../../lambda/model/catalogue/job-metrics.ts';
import { runsFinished } from '../../lambda/model/catalogue/run-metrics.ts';
import { buildCounter, buildDistribution, buildGauge, type MetricFamily } from '../../lambda/model/metric.ts';
import type { Problem } from '../../lambda/model/problem.ts';
import type { RunReport } from '../../lambda/report/report.ts';
import { batchOf, partOf } from '../sinks/remote-write/batches.ts';

export interface QueueSpec {
  readonly queue: string;
  readonly scope?: string;
  readonly queued?: number;
  readonly running?: number;
  readonly idle?: number;
  readonly busy?: number;
  readonly oldestWait?: number;
  readonly waits?: readonly number[];
}

export interface PipelineSpec {
  readonly pipeline: string;
  readonly passed?: number;
  readonly failed?: number;
  readonly cancelled?: number;
}

const of = { system: 'buildkite', source: 'main' };

/** Of one source named `main`. */
export function familiesOf(
  queues: readonly QueueSpec[],
  pipelines: readonly PipelineSpec[] = [],
): readonly MetricFamily[] {
  const named = queues.map((spec) => ({ ...spec, labels: { ...of, scope: spec.scope ?? 'Linux', queue: spec.queue } }));
  return [
    buildGauge(
      queueJobs,
      named.flatMap(({ labels, queued = 0, running = 0 }) => [
        { labels: { ...labels, state: 'queued' }, value: queued },
        { labels: { ...labels, state: 'running' }, value: running },
      ]),
    ),
    buildGauge(
      workers,
      named.flatMap(({ labels, idle = 0, busy = 0 }) => [
        { labels: { ...labels, state: 'idle' }, value: idle },
        { labels: { ...labels, state: 'busy' }, value: busy },
      ]),
    ),
    buildGauge(
      starvedJobs,
      named.map(({ labels, queued = 0, idle = 0, busy = 0 }) => ({ labels, value: idle + busy === 0 ? queued : 0 })),
    ),
    buildGauge(
      queueOldestWait,
      named.map(({ labels, oldestWait = 0 }) => ({ labels, value: oldestWait })),
    ),
    buildDistribution(
      jobWait,
      named.map(({ labels, waits = [] }) => ({ labels, observations: waits })),
    ),
    buildCounter(
      runsFinished,
      pipelines.flatMap(({ pipeline, passed = 0, failed = 0, cancelled = 0 }) => {
        const labels = { ...of, scope: 'acme', pipeline, attempt: 'first', branch: 'main' };
        return [
          { labels: { ...labels, result: 'success' }, increase: passed },
          { labels: { ...labels, result: 'failure' }, increase: failed },
          { labels: { ...labels, result: 'cancellation' }, increase: cancelled },
        ];
      }),
    ),
  ];
}

export function batchWith(queues: readonly QueueSpec[], pipelines: readonly PipelineSpec[] = []): Batch {
  return batchOf(familiesOf(queues, pipelines));
}

/** Of a source that gave nothing, or only a part. */
export function batchOfStatus(status: 'partial' | 'failed', queues: readonly QueueSpec[] = []): Batch {
  return batchOf([], { sources: [partOf(familiesOf(queues), { status })] });
}

export function reportOf(problems: readonly Problem[] = [], more: Partial<RunReport> = {}): RunReport {
  const meter = {
    attempts: new Map([['2xx', 3]]),
    bytesSent: 0,
    bytesReceived: 0,
    rateLimit: { remaining: 180, limit: 200 },
  };
  const part = { durationMs: 120, problems: [] };
  return {
    ...{
      outcome: problems.length === 0 ? 'ok' : 'degraded',
      collector: 'ci',
      tickMs: 0,
      startedAtMs: 0,
      durationMs: 240,
    },
    sources: [
      {
        ...part,
        id: 'buildkite/main',
        system: 'buildkite',
        name: 'main',
        status: 'complete',
        samples: 37,
        overflow: 0,
        problems,
        meter,
      },
    ],
    sinks: [{ ...part, id: 'scrape-page/page', name: 'page', accepted: 37, requests: 1, bytes: 900 }],
    ...more,
  };
}
