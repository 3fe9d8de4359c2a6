/** Plans the alarms on queues that are starved or whose jobs wait too long. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { QueueAlarm } from '../../lambda/config/deployment.ts';
import { queueOldestWait, starvedJobs } from '../../lambda/model/catalogue/queue-metrics.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import { type AlarmPlan, formatSubject } from './alarm-plan.ts';
import { limitToReach } from './reach.ts';
import {
  chooseAgeWindow,
  chooseLevelStatistic,
  chooseQueryWindow,
  chooseWindow,
  findQueryCut,
  formatWindow,
  settledMinutes,
} from './windows.ts';
import { matchAnyOn, type CompositePlan } from './composite-alarm.ts';
import { formatInsightsQuery } from '../metrics/insights-query.ts';
import { isTaken, chooseReading, findSystem } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { buildLevelReading } from '../metrics/promql-reading.ts';
import { findPublishedMetrics } from '../metrics/published-metrics.ts';
import { chooseScheduleRate } from '../settings.ts';

/** A composite alarm that tells the topic, and the alarms that it is made of. */
export interface StuckPlan {
  readonly children: readonly AlarmPlan[];
  readonly composite: CompositePlan;
}

/**
 * Alarms on queues that have jobs and no worker, and on queues whose jobs wait too long. Both have one cause, so one
 * composite alarm notifies; it is silent while the source of the queue is down, which has an alarm of its own.
 */
export function planQueueAlarms(prepared: Prepared, region: string): readonly StuckPlan[] {
  const inReach = limitToReach(prepared, region);
  return [...planNamedQueues(inReach), ...planUnnamedQueues(inReach)].filter(({ children }) => children.length > 0);
}

function planNamedQueues(prepared: Prepared): readonly StuckPlan[] {
  const { alarms } = prepared.config;
  return alarms.queues.map((alarm) => {
    const { source, scope, queue } = alarm;
    const children = [...planStarved(prepared, alarm), ...planWaits(prepared, alarm)];
    return {
      children,
      composite: buildComposite(children, source, {
        name: `queue-stuck/${formatSubject(source, scope, queue)}`,
        description: `Queue "${queue}" of ${scope} (source ${source}) is stuck: it has jobs and no worker, or its jobs wait too long. Its alarms queue-starved and queue-waits say which.`,
      }),
    };
  });
}

function buildComposite(
  children: readonly AlarmPlan[],
  source: string | undefined,
  { name, description }: Pick<CompositePlan, 'name' | 'description'>,
): CompositePlan {
  const parts = children.map((child) => child.name);
  return {
    name,
    description,
    rule: matchAnyOn(parts),
    parts,
    ...(source === undefined ? {} : { silencedBy: `source-down/${source}` }),
  };
}

function planStarved(prepared: Prepared, { source, scope, queue, starvedMinutes }: QueueAlarm): readonly AlarmPlan[] {
  const { config } = prepared;
  // A source that never tells of starved jobs still has its alarm on waits; one that tells of neither is an error.
  if (!hasMetric(prepared, source, starvedJobs) && hasMetric(prepared, source, queueOldestWait)) return [];
  const labels = { system: findSystem(prepared, source), source, scope, queue };
  const window = chooseWindow(starvedMinutes ?? config.alarms.starvedMinutes, config);
  return [
    {
      name: `queue-starved/${formatSubject(source, scope, queue)}`,
      description: `Queue "${queue}" of ${scope} (source ${source}) has had queued jobs and no idle or busy worker for ${formatWindow(window, config)}. Start workers for it, or look why they have stopped or are paused.`,
      metric: chooseReading(prepared, starvedJobs, labels, { statistic: chooseLevelStatistic(config) }),
      when: 'above',
      threshold: 0,
      window,
      silence: 'kept',
      isChild: true,
    },
  ];
}

function planWaits(prepared: Prepared, { source, scope, queue, oldestWaitMinutes }: QueueAlarm): readonly AlarmPlan[] {
  if (!hasMetric(prepared, source, queueOldestWait)) return [];
  const { config } = prepared;
  const labels = { system: findSystem(prepared, source), source, scope, queue };
  if (!isTaken(prepared, queueOldestWait, labels)) return [];
  const minutes = oldestWaitMinutes ?? config.alarms.oldestWaitMinutes;
  return [
    {
      name: `queue-waits/${formatSubject(source, scope, queue)}`,
      description: `The oldest job of queue "${queue}" of ${scope} (source ${source}) has been waiting for more than ${String(minutes)} minutes. Its workers are too few, paused, or do not fit the job${prepared.cloudWatchSinks.length > 0 ? '; the dashboard shows them beside the queue' : ''}.`,
      metric: chooseReading(prepared, queueOldestWait, labels),
      when: 'above',
      threshold: minutes * 60,
      window: chooseAgeWindow(settledMinutes, config),
      silence: 'kept',
      isChild: true,
    },
  ];
}

function hasMetric({ sources }: Prepared, name: string, metric: MetricDefinition): boolean {
  return sources.some((source) => source.name === name && source.metrics.includes(metric));
}

/**
 * A Region takes 200 alarms on Metrics Insights queries (CloudWatch user guide, "Metrics Insights alarms"), and a source
 * has two: with more sources than this, one query watches all of them together.
 */
const mostSourcesApart = 50;

/** Alarms with a series for each queue, for queues that the configuration does not name or that do not exist yet. */
function planUnnamedQueues(prepared: Prepared): readonly StuckPlan[] {
  if (prepared.config.alarms.unnamedQueues === 'ignore') return [];
  const telling = prepared.sources.filter(
    ({ metrics }) => metrics.includes(starvedJobs) || metrics.includes(queueOldestWait),
  );
  // Only Metrics Insights has that limit.
  if (telling.length > mostSourcesApart && prepared.cloudWatchSinks.length > 0)
    return [planAnyQueue(prepared, undefined)];
  return telling.map((source) => planAnyQueue(prepared, source));
}

function planAnyQueue(prepared: Prepared, source: PreparedSource | undefined): StuckPlan {
  const { alarms } = prepared.config;
  const watched = source === undefined ? prepared : { ...prepared, sources: [source] };
  const suffix = source === undefined ? '' : `/${source.name}`;
  const whose = source === undefined ? 'A queue' : `A queue of source "${source.name}"`;
  const starved = chooseQueryWindow(alarms.starvedMinutes, prepared.config);
  const minutes = alarms.oldestWaitMinutes;
  const children = [
    ...planEveryQueue(watched, starvedJobs, source, {
      name: `any-queue-starved${suffix}`,
      description: `${whose} has had queued jobs and no idle or busy worker for ${formatWindow(starved, prepared.config)}; the contributors of this alarm name it by source, scope and queue. Start workers for it, or look why they have stopped or are paused.`,
      label: 'Starved jobs',
      threshold: 0,
      window: starved,
      cut: findQueryCut(alarms.starvedMinutes, prepared.config),
      aggregate: chooseLevelStatistic(prepared.config) === 'Minimum' ? 'MIN' : 'MAX',
    }),
    ...planEveryQueue(watched, queueOldestWait, source, {
      name: `any-queue-waits${suffix}`,
      description: `${whose} has a job that has been waiting for more than ${String(minutes)} minutes; the contributors of this alarm name it by source, scope and queue. Its workers are too few, paused, or do not fit the job.`,
      label: 'Oldest wait in seconds',
      threshold: minutes * 60,
      window: chooseAgeWindow(settledMinutes, prepared.config),
      aggregate: 'MAX',
    }),
  ];
  return {
    children,
    composite: buildComposite(children, source?.name, {
      name: `any-queue-stuck${suffix}`,
      description: `${whose} is stuck: it has jobs and no worker, or its jobs wait too long. The contributors of its alarms any-queue-starved and any-queue-waits name the queue.`,
    }),
  };
}

interface EveryQueue extends Pick<AlarmPlan, 'name' | 'description' | 'threshold' | 'window' | 'cut'> {
  readonly label: string;
  readonly aggregate: 'MAX' | 'MIN';
}

/**
 * A query of its own for each source: a series that a query does not find any more is over, so beside others the queues
 * of a source that cannot be read would count as well. Only an empty query keeps its state.
 */
function planEveryQueue(
  prepared: Prepared,
  metric: MetricDefinition,
  source: PreparedSource | undefined,
  { label, aggregate, ...plan }: EveryQueue,
): readonly AlarmPlan[] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return planEveryQueueByOtlp(prepared, metric, source, { aggregate, ...plan });
  const perQueue = findPublishedMetrics(prepared, sink).find(
    ({ definition, labels }) => definition === metric && labels.includes('queue'),
  );
  if (perQueue === undefined) return [];
  const expression = formatInsightsQuery({
    ...perQueue,
    groups: ['Source', 'Scope', 'Queue'],
    worst: 'highest',
    aggregate,
    where: { ...perQueue.own, ...(source === undefined ? {} : { Source: source.name }) },
  });
  const period = chooseScheduleRate(prepared.config);
  return [
    {
      ...plan,
      metric: new cloudwatch.MathExpression({ expression, usingMetrics: {}, label, period }),
      when: 'above',
      silence: 'kept',
      isChild: true,
      contributors: { kind: 'queues', ...(source === undefined ? {} : { source: source.name }) },
    },
  ];
}

function planEveryQueueByOtlp(
  prepared: Prepared,
  metric: MetricDefinition,
  source: PreparedSource | undefined,
  { aggregate, ...plan }: Omit<EveryQueue, 'label'>,
): readonly AlarmPlan[] {
  const [sink] = prepared.otlpSinks;
  if (sink === undefined || source?.metrics.includes(metric) !== true || !isTaken(prepared, metric, {})) return [];
  const reading = buildLevelReading(prepared, sink, metric, {
    labels: { system: source.system, source: source.name },
    by: ['source', 'scope', 'queue'],
    source: source.name,
    statistic: aggregate === 'MIN' ? 'Minimum' : 'Maximum',
  });
  const contributors = { kind: 'queues', source: source.name } as const;
  return [{ ...plan, metric: reading, when: 'above', silence: 'kept', isChild: true, contributors }];
}
