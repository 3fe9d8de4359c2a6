/** The alerting rules on queues. */
import { queueJobs, starvedJobs, workers, workerUtilization } from '../../lambda/model/catalogue/queue-metrics.ts';
import type { Alert } from './alert.ts';
import { durationOf, selector } from './promql.ts';
import { bridgedMinutes, idleBacklogMinutes, saturatedMinutes, saturatedRatio, starvedMinutes } from './thresholds.ts';

const place = 'Queue {{ $labels.queue }} of {{ $labels.scope }} (source {{ $labels.source }})';
const bridged = durationOf(bridgedMinutes);

/** The last value, also while a poll or two fail. */
function recent(series: string): string {
  return `last_over_time(${series}[${bridged}])`;
}

const queued = recent(selector(queueJobs, { state: 'queued' }));

/** Alerts on queues; the same questions as the alarms of the stack. */
export const queueAlerts: readonly Alert[] = [
  {
    name: 'QueueStarved',
    expr: `${recent(selector(starvedJobs))} > 0`,
    forMinutes: starvedMinutes,
    severity: 'critical',
    summary: `${place} has jobs and no worker: {{ $value }} queued`,
    description:
      'Jobs are queued and no worker is idle or busy, so nothing will start them. Start workers for the queue, or look why they have stopped or are paused. A misspelt queue name in a pipeline looks the same: cancel its jobs.',
    runbook: 'any-queue-starved',
    reason: `Workers that scale from nothing need some minutes. A value bridges ${bridged}, so that one failed poll does not start the time anew.`,
  },
  {
    name: 'IdleButBacklog',
    expr: `${queued} > 0\n  and ignoring (state) ${recent(selector(workers, { state: 'idle' }))} > 0`,
    forMinutes: idleBacklogMinutes,
    severity: 'warning',
    summary: `${place} has idle workers and a backlog: {{ $value }} queued`,
    description:
      'Jobs wait although workers of the same queue are idle: the jobs ask for tags that these workers do not have, or the workers or the queue are paused, or the workers are sick. Compare the tags of a queued job with those of a worker, resume what is paused, and restart workers that take nothing.',
    runbook: 'idle-but-backlog',
    reason: 'Workers take a job within seconds; jobs and idle workers side by side for this long are no coincidence.',
  },
  {
    name: 'WorkersSaturated',
    expr: `${recent(selector(workerUtilization))} > ${String(saturatedRatio)}\n  and ignoring (state) ${queued} > 0`,
    forMinutes: saturatedMinutes,
    severity: 'warning',
    summary: `${place} is short of workers: {{ $value | humanizePercentage }} are busy and jobs wait`,
    description:
      'All workers have been busy for long while jobs wait: the pool is too small, or jobs take longer than they used to. Look whether autoscaling is at its upper limit or fails to start workers; raise the limit, or find the jobs that have become slow.',
    runbook: 'workers-saturated',
    reason: 'Above 95 % for long is short of capacity; autoscaling and bursts are over by then.',
  },
];
