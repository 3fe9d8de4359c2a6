import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { QueueAlarm } from '../../lambda/config/deployment.ts';
import { starvedJobs } from '../../lambda/model/catalogue/catalogue.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import { queueOldestWait } from '../../lambda/model/catalogue/run-metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import { type AlarmPlan, placeName } from './alarm-plan.ts';
import { inReachOf } from './reach.ts';
import { durationText, wholePeriodStatistic, within, withinQuery } from './windows.ts';
import { anyOf, type CompositePlan } from './composite-alarm.ts';
import { insightsQuery } from '../metrics/insights-query.ts';
import { isTaken, readingOf, systemOf } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { levelReading } from '../metrics/promql-reading.ts';
import { publishedMetrics } from '../metrics/published-metrics.ts';
import { scheduleRate } from '../settings.ts';

/** A composite alarm that tells the topic, and the alarms that it is made of. */
export interface StuckPlan {
  readonly parts: readonly AlarmPlan[];
  readonly whole: CompositePlan;
}

/**
 * Alarms on queues that have jobs and nobody to run them, and on queues whose jobs wait too long. Both are one cause,
 * so one alarm tells; it is silent while the source of the queue is down, which tells for itself.
 */
export function queuePlans(prepared: Prepared, region: string): readonly StuckPlan[] {
  const inReach = inReachOf(prepared, region);
  return [...namedQueues(inReach), ...unnamedQueues(inReach)].filter(({ parts }) => parts.length > 0);
}

function namedQueues(prepared: Prepared): readonly StuckPlan[] {
  const { alarms } = prepared.config;
  return alarms.queues.map((alarm) => {
    const { source, scope, queue } = alarm;
    const parts = [...starvedPlans(prepared, alarm), ...waitPlans(prepared, alarm)];
    return {
      parts,
      whole: wholeOf(parts, source, {
        name: `queue-stuck/${placeName(source, scope, queue)}`,
        description: `Queue "${queue}" of ${scope} (source ${source}) is stuck: it has jobs and no worker, or its jobs wait too long. Its alarms queue-starved and queue-waits say which.`,
      }),
    };
  });
}

function wholeOf(
  parts: readonly AlarmPlan[],
  source: string | undefined,
  { name, description }: Pick<CompositePlan, 'name' | 'description'>,
): CompositePlan {
  const rule = anyOf(parts.map((part) => part.name));
  return { name, description, rule, ...(source === undefined ? {} : { silencedBy: `source-down/${source}` }) };
}

function starvedPlans(prepared: Prepared, { source, scope, queue, starvedMinutes }: QueueAlarm): readonly AlarmPlan[] {
  const { config } = prepared;
  // A source that never tells of starved jobs still has its alarm on waits; one that tells of neither is an error.
  if (!tells(prepared, source, starvedJobs) && tells(prepared, source, queueOldestWait)) return [];
  const labels = { system: systemOf(prepared, source), source, scope, queue };
  const window = within(starvedMinutes ?? config.alarms.starvedMinutes, config);
  return [
    {
      name: `queue-starved/${placeName(source, scope, queue)}`,
      description: `Queue "${queue}" of ${scope} (source ${source}) has had queued jobs and no idle or busy worker for ${durationText(window, config)}. Start workers for it, or look why they have stopped or are paused.`,
      metric: readingOf(prepared, starvedJobs, labels, { statistic: wholePeriodStatistic(config) }),
      when: 'above',
      threshold: 0,
      window,
      silence: 'kept',
      isPart: true,
    },
  ];
}

/** A wait that stays above its bound for so long is no burst that drains by itself. */
const waitedMinutes = 5;

function waitPlans(prepared: Prepared, { source, scope, queue, oldestWaitMinutes }: QueueAlarm): readonly AlarmPlan[] {
  if (!tells(prepared, source, queueOldestWait)) return [];
  const { config } = prepared;
  const labels = { system: systemOf(prepared, source), source, scope, queue };
  if (!isTaken(prepared, queueOldestWait, labels)) return [];
  const minutes = oldestWaitMinutes ?? config.alarms.oldestWaitMinutes;
  return [
    {
      name: `queue-waits/${placeName(source, scope, queue)}`,
      description: `The oldest job of queue "${queue}" of ${scope} (source ${source}) has been waiting for more than ${String(minutes)} minutes. Its workers are too few, paused, or do not fit the job${prepared.cloudWatchSinks.length > 0 ? '; the dashboard shows them beside the queue' : ''}.`,
      metric: readingOf(prepared, queueOldestWait, labels),
      when: 'above',
      threshold: minutes * 60,
      window: within(waitedMinutes, config),
      silence: 'kept',
      isPart: true,
    },
  ];
}

function tells({ sources }: Prepared, name: string, metric: MetricDefinition): boolean {
  return sources.some((source) => source.name === name && source.metrics.includes(metric));
}

/**
 * A Region takes 200 alarms on Metrics Insights queries (CloudWatch user guide, "Metrics Insights alarms"), and a source
 * has two: with more sources than this, one query watches all of them together.
 */
const mostSourcesApart = 50;

/** Alarms with a series a queue: queues that nobody named, and queues that do not exist yet. */
function unnamedQueues(prepared: Prepared): readonly StuckPlan[] {
  if (prepared.config.alarms.unnamedQueues === 'ignore') return [];
  const telling = prepared.sources.filter(
    ({ metrics }) => metrics.includes(starvedJobs) || metrics.includes(queueOldestWait),
  );
  // Only Metrics Insights has that limit.
  if (telling.length > mostSourcesApart && prepared.cloudWatchSinks.length > 0) return [queuesOf(prepared, undefined)];
  return telling.map((source) => queuesOf(prepared, source));
}

function queuesOf(prepared: Prepared, source: PreparedSource | undefined): StuckPlan {
  const { alarms } = prepared.config;
  const watched = source === undefined ? prepared : { ...prepared, sources: [source] };
  const suffix = source === undefined ? '' : `/${source.name}`;
  const whose = source === undefined ? 'A queue' : `A queue of source "${source.name}"`;
  const starved = withinQuery(alarms.starvedMinutes, prepared.config);
  const minutes = alarms.oldestWaitMinutes;
  const parts = [
    ...everyQueue(watched, starvedJobs, source, {
      name: `any-queue-starved${suffix}`,
      description: `${whose} has had queued jobs and no idle or busy worker for ${durationText(starved, prepared.config)}; the contributors of this alarm name it by source, scope and queue. Start workers for it, or look why they have stopped or are paused.`,
      label: 'Starved jobs',
      threshold: 0,
      window: starved,
      aggregate: wholePeriodStatistic(prepared.config) === 'Minimum' ? 'MIN' : 'MAX',
    }),
    ...everyQueue(watched, queueOldestWait, source, {
      name: `any-queue-waits${suffix}`,
      description: `${whose} has a job that has been waiting for more than ${String(minutes)} minutes; the contributors of this alarm name it by source, scope and queue. Its workers are too few, paused, or do not fit the job.`,
      label: 'Oldest wait in seconds',
      threshold: minutes * 60,
      window: withinQuery(waitedMinutes, prepared.config),
      aggregate: 'MAX',
    }),
  ];
  return {
    parts,
    whole: wholeOf(parts, source?.name, {
      name: `any-queue-stuck${suffix}`,
      description: `${whose} is stuck: it has jobs and no worker, or its jobs wait too long. The contributors of its alarms any-queue-starved and any-queue-waits name the queue.`,
    }),
  };
}

interface EveryQueue extends Pick<AlarmPlan, 'name' | 'description' | 'threshold' | 'window'> {
  readonly label: string;
  readonly aggregate: 'MAX' | 'MIN';
}

/**
 * A query of its own for each source: a series that a query does not find any more is over, so beside others the queues
 * of a source that cannot be read would count as well. Only an empty query keeps its state.
 */
function everyQueue(
  prepared: Prepared,
  metric: MetricDefinition,
  source: PreparedSource | undefined,
  { label, aggregate, ...plan }: EveryQueue,
): readonly AlarmPlan[] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return everyQueueByOtlp(prepared, metric, source, { aggregate, ...plan });
  const perQueue = publishedMetrics(prepared, sink).find(
    ({ definition, labels }) => definition === metric && labels.includes('queue'),
  );
  if (perQueue === undefined) return [];
  const expression = insightsQuery({
    ...perQueue,
    groups: ['Source', 'Scope', 'Queue'],
    worst: 'highest',
    aggregate,
    where: { ...perQueue.own, ...(source === undefined ? {} : { Source: source.name }) },
  });
  const period = scheduleRate(prepared.config);
  return [
    {
      ...plan,
      metric: new cloudwatch.MathExpression({ expression, usingMetrics: {}, label, period }),
      when: 'above',
      silence: 'kept',
      isPart: true,
    },
  ];
}

function everyQueueByOtlp(
  prepared: Prepared,
  metric: MetricDefinition,
  source: PreparedSource | undefined,
  { aggregate, ...plan }: Omit<EveryQueue, 'label'>,
): readonly AlarmPlan[] {
  const [sink] = prepared.otlpSinks;
  if (sink === undefined || source?.metrics.includes(metric) !== true || !isTaken(prepared, metric, {})) return [];
  const reading = levelReading(prepared, sink, metric, {
    labels: { system: source.system, source: source.name },
    by: ['source', 'scope', 'queue'],
    source: source.name,
    statistic: aggregate === 'MIN' ? 'Minimum' : 'Maximum',
  });
  return [{ ...plan, metric: reading, when: 'above', silence: 'kept', isPart: true }];
}
