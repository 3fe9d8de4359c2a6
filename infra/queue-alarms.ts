import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { QueueAlarm } from '../lambda/config/deployment.ts';
import { starvedJobs } from '../lambda/model/catalogue.ts';
import type { MetricDefinition } from '../lambda/model/metric.ts';
import { queueOldestWait } from '../lambda/model/run-metrics.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { insightsQuery } from './metrics-insights.ts';
import { metricOf, periodsIn, systemOf } from './metrics.ts';
import type { Prepared } from './prepared.ts';
import { inReachOf } from './alarm-reach.ts';
import { publishedMetrics } from './published.ts';
import { scheduleRate } from './settings.ts';

/** Alarms on queues that have jobs and nobody to run them, and on queues whose jobs wait too long. */
export function queuePlans(prepared: Prepared, region: string): readonly AlarmPlan[] {
  const inReach = inReachOf(prepared, region);
  return [...namedQueues(inReach), ...unnamedQueues(inReach)];
}

function namedQueues(prepared: Prepared): readonly AlarmPlan[] {
  const { alarms } = prepared.config;
  if (alarms.queues.length > 0 && prepared.cloudWatchSinks.length === 0) {
    throw new Error(
      'alarms.queues needs a cloudwatch sink in the Region of the stack: an alarm cannot read another Region; leave out "region" of the sink, or remove the alarms',
    );
  }
  return alarms.queues.flatMap((queue) => [...starvedPlans(prepared, queue), ...waitPlans(prepared, queue)]);
}

function starvedPlans(prepared: Prepared, { source, scope, queue, starvedMinutes }: QueueAlarm): readonly AlarmPlan[] {
  const { config } = prepared;
  // A source that never tells of starved jobs still has its alarm on waits; one that tells of neither is an error.
  if (!tells(prepared, source, starvedJobs) && tells(prepared, source, queueOldestWait)) return [];
  const labels = { system: systemOf(prepared, source), source, scope, queue };
  const periods = periodsIn(starvedMinutes ?? config.alarms.starvedMinutes, config);
  return [
    {
      name: `queue-starved/${source}/${scope}/${queue}`,
      description: `Queue "${queue}" of ${scope} (source ${source}) has had queued jobs and no idle or busy worker for ${duration(periods, prepared)}. Start workers for it, or look why they have stopped or are paused.`,
      metric: metricOf(prepared, starvedJobs, labels),
      when: 'above',
      threshold: 0,
      periods,
      silence: 'fine',
    },
  ];
}

/** A wait that stays above its bound for so long is no burst that drains by itself. */
const waitedMinutes = 5;

function waitPlans(prepared: Prepared, { source, scope, queue, oldestWaitMinutes }: QueueAlarm): readonly AlarmPlan[] {
  if (!tells(prepared, source, queueOldestWait)) return [];
  const { config } = prepared;
  const labels = { system: systemOf(prepared, source), source, scope, queue };
  const minutes = oldestWaitMinutes ?? config.alarms.oldestWaitMinutes;
  return [
    {
      name: `queue-waits/${source}/${scope}/${queue}`,
      description: `The oldest job of queue "${queue}" of ${scope} (source ${source}) has been waiting for more than ${String(minutes)} minutes. Its workers are too few, paused, or do not fit the job; the dashboard shows them beside the queue.`,
      metric: metricOf(prepared, queueOldestWait, labels),
      when: 'above',
      threshold: minutes * 60,
      periods: periodsIn(waitedMinutes, config),
      silence: 'fine',
    },
  ];
}

function tells({ sources }: Prepared, name: string, metric: MetricDefinition): boolean {
  return sources.some((source) => source.name === name && source.metrics.includes(metric));
}

/** Alarms with a series a queue: queues that nobody named, and queues that do not exist yet. */
function unnamedQueues(prepared: Prepared): readonly AlarmPlan[] {
  const { alarms } = prepared.config;
  if (alarms.unnamedQueues === 'ignore') return [];
  const starved = periodsIn(alarms.starvedMinutes, prepared.config);
  const waits = periodsIn(waitedMinutes, prepared.config);
  const minutes = alarms.oldestWaitMinutes;
  return [
    ...everyQueue(prepared, starvedJobs, {
      name: 'any-queue-starved',
      description: `A queue has had queued jobs and no idle or busy worker for ${duration(starved, prepared)}; the contributors of this alarm name it by source, scope and queue. Start workers for it, or look why they have stopped or are paused.`,
      label: 'Starved jobs',
      threshold: 0,
      periods: starved,
    }),
    ...everyQueue(prepared, queueOldestWait, {
      name: 'any-queue-waits',
      description: `The oldest job of a queue has been waiting for more than ${String(minutes)} minutes; the contributors of this alarm name it by source, scope and queue. Its workers are too few, paused, or do not fit the job.`,
      label: 'Oldest wait in seconds',
      threshold: minutes * 60,
      periods: waits,
    }),
  ];
}

interface EveryQueue extends Pick<AlarmPlan, 'name' | 'description' | 'threshold' | 'periods'> {
  readonly label: string;
}

function everyQueue(
  prepared: Prepared,
  metric: MetricDefinition,
  { label, ...plan }: EveryQueue,
): readonly AlarmPlan[] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return [];
  const perQueue = publishedMetrics(prepared, sink).find(
    ({ definition, labels }) => definition === metric && labels.includes('queue'),
  );
  if (perQueue === undefined) return [];
  const expression = insightsQuery({ ...perQueue, groups: ['Source', 'Scope', 'Queue'], worst: 'highest' });
  const period = scheduleRate(prepared.config);
  return [
    {
      ...plan,
      metric: new cloudwatch.MathExpression({ expression, usingMetrics: {}, label, period }),
      when: 'above',
      silence: 'fine',
    },
  ];
}

function duration(periods: number, { config }: Prepared): string {
  const count = periods * scheduleRate(config).toMinutes();
  return count === 1 ? '1 minute' : `${String(count)} minutes`;
}
