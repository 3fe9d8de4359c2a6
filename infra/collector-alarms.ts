import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { millisecondsOf, minuteMs } from '../lambda/config/interval.ts';
import type { CollectorConfig } from '../lambda/config/schema.ts';
import { sinkUp, sourceUp, tokenExpiry, watermarkLag } from '../lambda/model/catalogue.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { readsInTurn } from './crawl-alarms.ts';
import { metricOf, periodsIn } from './metrics.ts';
import type { Prepared } from './prepared.ts';
import { scheduleRate } from './settings.ts';

/** The parts of the collector that have metrics of AWS's own. */
export interface Watched {
  readonly fn: lambda.Function;
  readonly deadLetterQueue: sqs.IQueue;
  readonly scheduleGroup: IScheduleGroup;
}

/** Alarms on the collector itself: silence, sources, sinks, and what AWS says of the function and its schedule. */
export function collectorPlans(prepared: Prepared, watched: Watched): readonly AlarmPlan[] {
  return [
    ...sourcePlans(prepared),
    ...countingPlans(prepared),
    ...tokenPlans(prepared),
    ...sinkPlans(prepared),
    ...runPlans(prepared, watched),
    ...lostRunPlans(prepared, watched),
  ];
}

function sourcePlans(prepared: Prepared): readonly AlarmPlan[] {
  const { sourceDownMinutes } = prepared.config.alarms;
  return prepared.sources.map(({ name, system }) => ({
    name: `source-down/${name}`,
    description: `Source "${name}" has not given everything, or the collector has not run. The line "run finished" in the function's log names the reason and the remedy; a token that ended is the usual one.`,
    metric: metricOf(prepared, sourceUp, { system, source: name }),
    when: 'below',
    threshold: 1,
    periods: periodsIn(sourceDownMinutes, prepared.config),
    silence: heartbeat(prepared.config),
  }));
}

/** A source that counts finished runs must not fall behind; one that reads in turn is behind by plan. */
function countingPlans(prepared: Prepared): readonly AlarmPlan[] {
  const { countingLateMinutes } = prepared.config.alarms;
  return prepared.sources
    .filter((source) => source.needsState && !readsInTurn(source))
    .map(({ name, system }) => ({
      name: `counting-late/${name}`,
      description: `The counting of finished runs of source "${name}" is more than ${String(countingLateMinutes)} minutes behind: its lists are cut short by a budget, or a part of them cannot be read. Nothing is lost yet; the line "run finished" in the function's log names the part.`,
      metric: metricOf(prepared, watermarkLag, { system, source: name }),
      when: 'above',
      threshold: countingLateMinutes * 60,
      periods: periodsIn(lateMinutes, prepared.config),
      silence: 'fine',
    }));
}

/** A list that is cut short once catches up by itself. */
const lateMinutes = 5;

/** Outlasts holidays. */
const tokenDays = 14;

function tokenPlans(prepared: Prepared): readonly AlarmPlan[] {
  return prepared.sources
    .filter(({ metrics }) => metrics.includes(tokenExpiry))
    .map(({ name, system }) => ({
      name: `token-expiring/${name}`,
      description: `A credential of source "${name}" ends within ${String(tokenDays)} days, as the CI system says. Create a new one with the same scopes and put it into the secret; nothing has to be deployed.`,
      metric: metricOf(prepared, tokenExpiry, { system, source: name }),
      when: 'below',
      threshold: Duration.days(tokenDays).toSeconds(),
      periods: periodsIn(lateMinutes, prepared.config),
      silence: 'fine',
    }));
}

/** A collector that is switched off is silent on purpose. */
function heartbeat({ deployment }: CollectorConfig): AlarmPlan['silence'] {
  return deployment.schedule === 'enabled' ? 'fault' : 'fine';
}

function sinkPlans(prepared: Prepared): readonly AlarmPlan[] {
  const { sinkDownMinutes } = prepared.config.alarms;
  return prepared.sinks.map(({ name }) => ({
    name: `sink-down/${name}`,
    description: `Sink "${name}" has refused a part of the metrics or all of them; the other sinks have theirs. The line "run finished" in the function's log names the reason and the remedy.`,
    metric: metricOf(prepared, sinkUp, { sink: name }),
    when: 'below',
    threshold: 1,
    periods: periodsIn(sinkDownMinutes, prepared.config),
    // Silence of the whole collector has an alarm of its own.
    silence: 'fine',
  }));
}

function runPlans(prepared: Prepared, { fn }: Watched): readonly AlarmPlan[] {
  const { config } = prepared;
  const period = scheduleRate(config);
  return [
    {
      name: 'collector-silent',
      description:
        'The collector has not been started. Look whether its schedule is enabled, whether the account throttles the function, and at the alarms on the schedule.',
      metric: fn.metricInvocations({ period, statistic: 'Sum' }),
      when: 'below',
      threshold: 1,
      periods: periodsIn(config.alarms.silentMinutes, config),
      silence: heartbeat(config),
    },
    {
      name: 'function-errors',
      description:
        'A run collected nothing, delivered nothing, or was killed at its timeout. The function log and the message in the dead-letter queue have the reason.',
      metric: fn.metricErrors({ period, statistic: 'Sum' }),
      when: 'at-least',
      threshold: 1,
      periods: 1,
      silence: 'fine',
    },
    {
      name: 'function-throttled',
      description:
        'Lambda refused to start runs: the concurrency of the account or of the function is used up. Raise the quota, or remove deployment.reservedConcurrency.',
      metric: fn.metricThrottles({ period, statistic: 'Sum' }),
      when: 'at-least',
      threshold: 1,
      periods: 1,
      silence: 'fine',
    },
    ...durationPlans(prepared, fn),
  ];
}

/** Below one minute a run lasts a whole minute by design, so its length tells nothing. */
function durationPlans({ config }: Prepared, fn: lambda.Function): readonly AlarmPlan[] {
  if (millisecondsOf(config.interval) < minuteMs) return [];
  const { durationPercent } = config.alarms;
  const timeoutMs = fn.timeout?.toMilliseconds() ?? 0;
  return [
    {
      name: 'function-slow',
      description: `Runs take more than ${String(durationPercent)} % of the function timeout. Look in the log which source or sink is slow; raise deployment.timeoutSeconds or memoryMegabytes before runs are cut off.`,
      metric: fn.metricDuration({ period: scheduleRate(config), statistic: 'Maximum' }),
      when: 'above',
      threshold: (timeoutMs * durationPercent) / 100,
      periods: 3,
      silence: 'fine',
    },
  ];
}

function lostRunPlans({ config }: Prepared, { deadLetterQueue, scheduleGroup }: Watched): readonly AlarmPlan[] {
  const period = scheduleRate(config);
  const atLeastOne = (
    metric: cloudwatch.Metric,
  ): Pick<AlarmPlan, 'metric' | 'when' | 'threshold' | 'periods' | 'silence'> => ({
    metric,
    when: 'at-least',
    threshold: 1,
    periods: 1,
    silence: 'fine',
  });
  return [
    {
      name: 'dead-letters',
      description:
        'Runs failed or could not be started; the messages of the dead-letter queue hold the events and the errors. Purge the queue when the cause is gone: nothing is replayed from it.',
      ...atLeastOne(deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' })),
    },
    {
      name: 'schedule-dropped',
      description:
        'EventBridge Scheduler gave up starting runs. Its role may lack lambda:InvokeFunction, or the function is gone; deploy again.',
      ...atLeastOne(scheduleGroup.metricDropped({ period, statistic: 'Sum' })),
    },
    {
      name: 'schedule-dead-letters',
      description:
        'EventBridge Scheduler has put events that it could not deliver into the dead-letter queue; their attribute ERROR_CODE has the reason.',
      ...atLeastOne(scheduleGroup.metricSentToDLQ({ period, statistic: 'Sum' })),
    },
  ];
}
