/** A batch and a report of a run with round figures, for tests of what the command line renders. */
import type { RequestMeter } from '../../lambda/http/port.ts';
import type { Batch } from '../../lambda/model/batch.ts';
import { queueJobs, starvedJobs, workers, workerUtilization } from '../../lambda/model/catalogue/queue-metrics.ts';
import { buildGauge } from '../../lambda/model/metric.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from '../../lambda/report/report.ts';

interface QueueFigures {
  readonly source?: string;
  readonly scope?: string;
  readonly queue: string;
  readonly jobs: readonly [queued: number, running: number, blocked: number];
  /** Absent: the CI system tells nothing of the queue's workers. */
  readonly workers?: readonly [idle: number, busy: number];
}

/** 2026-11-21 09:55:00 UTC */
export const tickMs = Date.UTC(2026, 10, 21, 9, 55);

/** A batch as a source gives it. */
export function batchOf(queues: readonly QueueFigures[]): Batch {
  const at = queues.map(({ source = 'main', scope = 'Cluster A', queue, ...figures }) => ({
    labels: { system: 'buildkite', source, scope, queue },
    ...figures,
  }));
  const withWorkers = at.flatMap(({ labels, jobs, workers: pair }) =>
    pair === undefined ? [] : [{ labels, jobs, pair }],
  );
  const families = [
    buildGauge(
      queueJobs,
      at.flatMap(({ labels, jobs: [queued, running, blocked] }) => [
        { labels: { ...labels, state: 'queued' }, value: queued },
        { labels: { ...labels, state: 'running' }, value: running },
        { labels: { ...labels, state: 'blocked' }, value: blocked },
      ]),
    ),
    buildGauge(
      workers,
      withWorkers.flatMap(({ labels, pair: [idle, busy] }) => [
        { labels: { ...labels, state: 'idle' }, value: idle },
        { labels: { ...labels, state: 'busy' }, value: busy },
      ]),
    ),
    buildGauge(
      workerUtilization,
      withWorkers
        .filter(({ pair: [idle, busy] }) => idle + busy > 0)
        .map(({ labels, pair: [idle, busy] }) => ({ labels, value: busy / (idle + busy) })),
    ),
    buildGauge(
      starvedJobs,
      at.map(({ labels, jobs: [queued], workers: [idle, busy] = [0, 0] }) => ({
        labels,
        value: idle + busy === 0 ? queued : 0,
      })),
    ),
  ];
  const part = { system: 'buildkite', source: 'main', status: 'complete', families } as const;
  return { tickMs, collectedAtMs: tickMs + 120, sources: [part], health: [] };
}

export const fleet: Batch = batchOf([
  { queue: 'default', jobs: [12, 30, 4], workers: [4, 30] },
  { queue: 'deploy', jobs: [3, 0, 0] },
  { queue: 'docker', jobs: [0, 1, 0], workers: [199, 1] },
  { queue: 'macos 構築', jobs: [1250, 8, 0], workers: [0, 8] },
  { queue: '${BUILDKITE_QUEUE:-default}', jobs: [0, 0, 0], workers: [0, 0] },
  { scope: 'Cluster B', queue: 'default', jobs: [0, 0, 0], workers: [2, 0] },
]);

const noRequests: RequestMeter = { attempts: new Map([['2xx', 2]]), bytesSent: 0, bytesReceived: 0 };

export function sourceOutcome(changes: Partial<SourceOutcome> = {}): SourceOutcome {
  return {
    id: 'buildkite/main',
    system: 'buildkite',
    name: 'main',
    status: 'complete',
    durationMs: 118,
    samples: 38,
    overflow: 0,
    problems: [],
    meter: noRequests,
    ...changes,
  };
}

function sinkOutcome(changes: Partial<SinkOutcome> = {}): SinkOutcome {
  const counts = { durationMs: 83, accepted: 61, requests: 1, bytes: 12_345 };
  return { id: 'cloudwatch/cloudwatch', name: 'cloudwatch', ...counts, problems: [], ...changes };
}

export function reportOf(changes: Partial<RunReport> = {}): RunReport {
  return {
    outcome: 'ok',
    collector: 'ci-metrics',
    tickMs,
    startedAtMs: tickMs + 40,
    durationMs: 205,
    sources: [sourceOutcome()],
    sinks: [sinkOutcome()],
    ...changes,
  };
}

export const degradedReport: RunReport = reportOf({
  outcome: 'degraded',
  sources: [
    sourceOutcome({
      status: 'partial',
      samples: 1204,
      overflow: 17,
      durationMs: 4210,
      meter: {
        attempts: new Map([
          ['2xx', 1],
          ['4xx', 3],
          ['none', 0],
        ]),
        bytesSent: 0,
        bytesReceived: 0,
        rateLimit: { remaining: 1180 },
      },
      problems: [
        {
          kind: 'auth',
          where: 'buildkite/main GET /v3/metrics (agentTokens[1])',
          message: 'HTTP 401: Invalid access token; check environment variable BUILDKITE_TOKEN_B',
        },
        {
          kind: 'rate-limited',
          where: 'buildkite/main GET /v3/metrics',
          message: 'HTTP 429: \x1b[2Jtoo many\nrequests',
          retryAtMs: tickMs + 31_500,
        },
      ],
    }),
    sourceOutcome({ id: 'buildkite/second', name: 'second', status: 'failed', samples: 0 }),
  ],
  sinks: [
    sinkOutcome({
      accepted: 1990,
      problems: Array.from({ length: 3 }, () => ({
        kind: 'rejected' as const,
        where: 'cloudwatch/cloudwatch QueuedJobs',
        message: 'the value is not a number; the other datums were sent',
      })),
    }),
    sinkOutcome({ id: 'pushgateway/gateway', name: 'gateway', accepted: 0, requests: 0, bytes: 0, durationMs: 10_040 }),
  ],
});
