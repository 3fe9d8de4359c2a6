import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Token } from 'aws-cdk-lib/core';
import { starvedJobs } from '../lambda/model/catalogue.ts';
import type { CloudWatchConfig } from '../lambda/sinks/cloudwatch/config.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { metricOf, periodsIn, systemOf } from './metrics.ts';
import type { Prepared } from './prepared.ts';
import { publishedMetrics } from './published.ts';
import { scheduleRate } from './settings.ts';

/** Alarms on queues that have jobs and nobody to run them. */
export function queuePlans(prepared: Prepared, region: string): readonly AlarmPlan[] {
  const here = prepared.cloudWatchSinks.filter((sink) => isHere(sink, region));
  const inReach = { ...prepared, cloudWatchSinks: here };
  return [...namedQueues(inReach), ...unnamedQueues(inReach)];
}

/** Alarms cannot read another Region's metrics; an unknown Region of the stack is taken at its word. */
function isHere(sink: CloudWatchConfig, region: string): boolean {
  return sink.region === undefined || (!Token.isUnresolved(region) && sink.region === region);
}

function namedQueues(prepared: Prepared): readonly AlarmPlan[] {
  const { alarms } = prepared.config;
  if (alarms.queues.length > 0 && prepared.cloudWatchSinks.length === 0) {
    throw new Error(
      'alarms.queues needs a cloudwatch sink in the Region of the stack: an alarm cannot read another Region; leave out "region" of the sink, or remove the alarms',
    );
  }
  return alarms.queues.map(({ source, scope, queue, starvedMinutes = alarms.starvedMinutes }): AlarmPlan => {
    const labels = { system: systemOf(prepared, source), source, scope, queue };
    const periods = periodsIn(starvedMinutes, prepared.config);
    return {
      name: `queue-starved/${source}/${scope}/${queue}`,
      description: `Queue "${queue}" of ${scope} (source ${source}) has had queued jobs and no idle or busy worker for ${duration(periods, prepared)}. Start workers for it, or look why they have stopped or are paused.`,
      metric: metricOf(prepared, starvedJobs, labels),
      when: 'above',
      threshold: 0,
      periods,
      silence: 'fine',
    };
  });
}

/** One alarm with a series a queue: queues that nobody named, and queues that do not exist yet. */
function unnamedQueues(prepared: Prepared): readonly AlarmPlan[] {
  const { alarms } = prepared.config;
  const [sink] = prepared.cloudWatchSinks;
  if (alarms.unnamedQueues === 'ignore' || sink === undefined) return [];
  const perQueue = publishedMetrics(prepared, sink).find(
    ({ definition, labels }) => definition === starvedJobs && labels.includes('queue'),
  );
  if (perQueue === undefined) return [];
  const periods = periodsIn(alarms.starvedMinutes, prepared.config);
  return [
    {
      name: 'any-queue-starved',
      description: `A queue has had queued jobs and no idle or busy worker for ${duration(periods, prepared)}; the contributors of this alarm name it by source, scope and queue. Start workers for it, or look why they have stopped or are paused.`,
      metric: new cloudwatch.MathExpression({
        expression: starvedQuery(perQueue.name, perQueue.namespace, perQueue.dimensions),
        usingMetrics: {},
        label: 'Starved jobs',
        period: scheduleRate(prepared.config),
      }),
      when: 'above',
      threshold: 0,
      periods,
      silence: 'fine',
    },
  ];
}

/** A Metrics Insights alarm needs both GROUP BY and ORDER BY (CloudWatch user guide, "Metrics Insights alarms"). */
function starvedQuery(name: string, namespace: string, dimensions: readonly string[]): string {
  const schema = [`"${namespace}"`, ...dimensions.map(identifier)].join(', ');
  return `SELECT MAX(${name}) FROM SCHEMA(${schema}) GROUP BY Source, Scope, Queue ORDER BY MAX() DESC`;
}

/** Names with other characters than letters, digits and underscores stand in quotes (Metrics Insights syntax). */
function identifier(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name}"`;
}

function duration(periods: number, { config }: Prepared): string {
  const count = periods * scheduleRate(config).toMinutes();
  return count === 1 ? '1 minute' : `${String(count)} minutes`;
}
