/** The metrics of queues: what waits in them, for how long, and the workers that serve them. */
import type { MetricDefinition } from '../metric.ts';
import { defineMetric } from './define-metric.ts';
import { queueLabels, queueSets } from './identity-labels.ts';

const jobStates = ['queued', 'reserved', 'running', 'blocked', 'limited'] as const;
const workerStates = ['idle', 'busy', 'offline', 'paused'] as const;
/** Quantiles that a vendor itself reports; 0 and 1 are its least and greatest. */
const waitQuantiles = ['0', '0.5', '0.95', '1'] as const;
/** All that a vendor's own figures of a queue tell apart. */
const recentResults = ['success', 'failure'] as const;

export const queueJobs = defineMetric({
  name: 'ci_queue_jobs',
  help: 'Jobs in a queue by state; queued jobs could start now and wait for a worker.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'state'],
  enumerated: { state: jobStates },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'state',
      names: {
        queued: 'QueuedJobs',
        reserved: 'ReservedJobs',
        running: 'RunningJobs',
        blocked: 'BlockedJobs',
        limited: 'LimitedJobs',
      },
    },
    dimensionSets: queueSets,
    statistic: 'Maximum',
  },
});

export const queueOldestWait = defineMetric({
  name: 'ci_queue_oldest_wait_seconds',
  help: 'How long the oldest queued job of a queue has been waiting; 0 when nothing is queued.',
  type: 'gauge',
  unit: 'seconds',
  labels: queueLabels,
  combination: 'max',
  cloudWatch: { name: 'OldestQueuedJobAge', dimensionSets: queueSets, statistic: 'Maximum' },
});

export const starvedJobs = defineMetric({
  name: 'ci_queue_starved_jobs',
  help: 'Queued jobs of a queue in which no worker is idle or busy; 0 where there is a worker or nothing is queued.',
  type: 'gauge',
  unit: 'count',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: { name: 'StarvedJobs', dimensionSets: queueSets, statistic: 'Maximum' },
});

export const workers = defineMetric({
  name: 'ci_workers',
  help: 'Workers (agents, runners) that serve a queue, by state.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'state'],
  enumerated: { state: workerStates },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'state',
      names: { idle: 'IdleWorkers', busy: 'BusyWorkers', offline: 'OfflineWorkers', paused: 'PausedWorkers' },
    },
    dimensionSets: queueSets,
    statistic: 'Maximum',
  },
});

export const workerUtilization = defineMetric({
  name: 'ci_worker_utilization_ratio',
  help: 'Busy workers divided by idle and busy workers; absent without workers.',
  type: 'gauge',
  unit: 'ratio',
  labels: queueLabels,
  combination: 'ratio',
  cloudWatch: {
    name: 'WorkerUtilization',
    dimensionSets: queueSets,
    statistic: 'Average',
    conversion: 'percent',
  },
});

export const queuePaused = defineMetric({
  name: 'ci_queue_paused',
  help: '1 while somebody has paused a queue, 0 otherwise; absent where the CI system does not tell.',
  type: 'gauge',
  unit: 'count',
  labels: queueLabels,
  combination: 'max',
  cloudWatch: { name: 'QueuePaused', dimensionSets: queueSets, statistic: 'Maximum' },
});

export const queuePausedSince = defineMetric({
  name: 'ci_queue_paused_since_timestamp_seconds',
  help: 'When a queue was paused that still is, as Unix time; absent for a queue that is not paused.',
  type: 'gauge',
  unit: 'timestamp',
  labels: queueLabels,
  combination: 'min',
  cloudWatch: { name: 'SecondsSinceQueuePaused', dimensionSets: queueSets, statistic: 'Maximum', conversion: 'age' },
});

export const queueRecentJobs = defineMetric({
  name: 'ci_queue_recent_jobs',
  help: 'Jobs that ended in the latest minute of which the CI system itself reports; a level, so do not add it up.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'result'],
  enumerated: { result: recentResults },
  combination: 'sum',
  cloudWatch: {
    name: { label: 'result', names: { success: 'RecentSucceededJobs', failure: 'RecentFailedJobs' } },
    dimensionSets: queueSets,
    statistic: 'Maximum',
  },
});

export const queueWaitQuantile = defineMetric({
  name: 'ci_queue_wait_quantile_seconds',
  help: 'Waiting time of jobs as the CI system itself reports it; rank 0 is its least and 1 its greatest.',
  type: 'gauge',
  unit: 'seconds',
  labels: [...queueLabels, 'rank'],
  enumerated: { rank: waitQuantiles },
  combination: 'max',
  cloudWatch: {
    name: {
      label: 'rank',
      names: { '0': 'QueueWaitMin', '0.5': 'QueueWaitP50', '0.95': 'QueueWaitP95', '1': 'QueueWaitMax' },
    },
    dimensionSets: queueSets,
    statistic: 'Maximum',
  },
});

export const queueMetrics = [
  queueJobs,
  queueOldestWait,
  queuePaused,
  queuePausedSince,
  queueRecentJobs,
  queueWaitQuantile,
  starvedJobs,
  workerUtilization,
  workers,
] as const satisfies readonly MetricDefinition[];
