/** Computes in CloudWatch how many instances or tasks the jobs of a queue need. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Annotations, Duration, Stack, Token } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { queueJobs } from '../../lambda/model/catalogue/queue-metrics.ts';
import { convertInterval } from '../../lambda/settings/interval.ts';
import { limitToReach } from '../alarms/reach.ts';
import { buildQueueMetric, type QueueOfSource } from '../metrics/queue-metric.ts';
import type { Prepared } from '../prepared.ts';
import { chooseScheduleRate } from '../settings.ts';

/** What both kinds of groups take. */
export interface ScalingOptions {
  /** Agents that one instance or task runs. @default 1 */
  readonly agentsPerInstance?: number;
  /**
   * Period of the alarms: 10 or 30 seconds, where the collector's `interval` is as short, or a minute. Alarms of less than
   * a minute cost three times as much.
   * @default a minute, or the collector's `interval` where that is longer
   */
  readonly resolution?: Duration;
}

/** The collector whose metrics are looked at, and what is scaled by them already. */
export interface ScalingCollector {
  readonly scope: IConstruct;
  readonly prepared: Prepared;
  /** The path of the group or service by the queue that it serves. */
  readonly served: Map<string, string>;
}

/** Periods that an alarm of CloudWatch may have below a minute, in seconds (CloudWatch API reference, PutMetricAlarm). */
const finePeriods: readonly number[] = [10, 30];
const minuteSeconds = 60;

/**
 * `ceil((queued + running) / agentsPerInstance)`. Running jobs are part of it, or each job that starts would take its own
 * instance away. Nothing is filled in: where a figure is missing there is no need to be known, and nothing is scaled.
 * @throws Error where an alarm of the group could not read the metrics, saying what to do.
 */
export function buildNeededCapacity(
  { scope, prepared }: ScalingCollector,
  group: IConstruct,
  queue: QueueOfSource,
  { agentsPerInstance = 1, resolution }: ScalingOptions,
): cloudwatch.MathExpression {
  checkCount('agentsPerInstance', agentsPerInstance);
  checkPlace(scope, group);
  const reachable = limitToReach(prepared, Stack.of(scope).region);
  checkSinks(prepared, reachable);
  const period = choosePeriod(reachable, resolution);
  warnOfSlowness(group, period);
  const build = (state: 'queued' | 'running'): cloudwatch.Metric =>
    refuseQuery(buildQueueMetric(reachable, queueJobs, { ...queue, state }, { period, statistic: 'Maximum' }), queue);
  return new cloudwatch.MathExpression({
    expression: `CEIL((queued + running) / ${String(agentsPerInstance)})`,
    usingMetrics: { queued: build('queued'), running: build('running') },
    label: 'needed',
    period,
  });
}

function checkCount(name: string, count: number): void {
  if (Number.isInteger(count) && count >= 1 && !Token.isUnresolved(count)) return;
  throw new Error(`${name} must be a whole number from 1, not ${String(count)}`);
}

/** An alarm reads the metrics of its own Region and account alone. */
function checkPlace(collector: IConstruct, group: IConstruct): void {
  const [from, to] = [Stack.of(collector), Stack.of(group)];
  if (from.region === to.region && from.account === to.account) return;
  throw new Error(
    `the collector is in ${describePlace(from)} and ${group.node.path} in ${describePlace(to)}: an alarm reads metrics of its own Region and account only; give both stacks the same env`,
  );
}

function describePlace({ region, account }: Stack): string {
  const name = (value: string): string => (Token.isUnresolved(value) ? 'unknown' : value);
  return `Region ${name(region)} of account ${name(account)}`;
}

function checkSinks(prepared: Prepared, reachable: Prepared): void {
  if (prepared.cloudWatchSinks.length === 0 || reachable.cloudWatchSinks.length > 0) return;
  throw new Error(
    'no cloudwatch sink writes to the Region of the stack, and an alarm cannot read another one; leave out "region" of the sink, or add a second sink without it',
  );
}

function choosePeriod({ config, cloudWatchSinks }: Prepared, resolution: Duration | undefined): Duration {
  const rate = chooseScheduleRate(config);
  const seconds = resolution?.toSeconds() ?? minuteSeconds;
  if (seconds >= minuteSeconds) return chooseCoarsePeriod(rate, seconds);
  if (!finePeriods.includes(seconds))
    throw new Error(`resolution must be 10, 30 or 60 seconds, not ${String(seconds)}: CloudWatch has no other periods`);
  if (convertInterval(config.interval) > seconds * 1000)
    throw new Error(
      `resolution of ${String(seconds)} seconds needs figures as often; set interval: ${String(seconds)} seconds in the configuration, not ${config.interval}`,
    );
  if (cloudWatchSinks.some((sink) => sink.resolution === 'standard'))
    throw new Error(
      `resolution of ${String(seconds)} seconds needs points as fine; leave out "resolution: standard" of the cloudwatch sink`,
    );
  return Duration.seconds(seconds);
}

function chooseCoarsePeriod(rate: Duration, seconds: number): Duration {
  if (seconds === minuteSeconds || seconds === rate.toSeconds()) return rate;
  throw new Error(
    `resolution must be 10, 30 or 60 seconds, not ${String(seconds)}; a longer one is that of "interval"`,
  );
}

function warnOfSlowness(group: IConstruct, period: Duration): void {
  if (period.toSeconds() <= minuteSeconds) return;
  const minutes = period.toMinutes();
  Annotations.of(group).addWarningV2(
    'ci-metrics:slow-scaling',
    `a job may wait ${String(2 * minutes + 1)} minutes before an instance is started for it, because the collector runs every ${String(minutes)}; set interval: 1 minute or less`,
  );
}

/** A policy acts on one series that is known by its name; a query finds whatever is there. */
function refuseQuery(
  metric: cloudwatch.Metric | cloudwatch.MathExpression,
  { source, queue }: QueueOfSource,
): cloudwatch.Metric {
  if (metric instanceof cloudwatch.Metric) return metric;
  throw new Error(
    `the metrics of queue "${queue}" have the dimension Org, which nothing tells; give the queue its "organization", or source "${source}" in the configuration`,
  );
}
