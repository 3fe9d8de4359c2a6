/** Plans the alarms on the collector itself: silence, crashes, sources and sinks that are down. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { convertInterval } from '../../lambda/settings/interval.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import {
  runLag,
  sinkUp,
  sourceUp,
  tokenExpiry,
  tokenLifetime,
  watermarkLag,
} from '../../lambda/model/catalogue/collector-metrics.ts';
import { shareOfShortLife, thresholdsOfShortLife } from '../../lambda/model/credential.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import {
  type AlarmWindow,
  atOnce,
  chooseAgeWindow,
  chooseSilenceWindow,
  chooseWindow,
  formatWindow,
  settledMinutes,
} from './windows.ts';
import { markCollectorDownChild } from './collector-down.ts';
import { isReadInTurn } from './visit-alarms.ts';
import { buildMetric } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { canEmit } from '../metrics/published-metrics.ts';
import { chooseScheduleRate } from '../settings.ts';
import { minuteMs } from '../../lambda/model/time.ts';

/** The parts of the collector that have metrics of AWS's own. */
export interface Watched {
  readonly fn: lambda.Function;
  readonly deadLetterQueue: sqs.IQueue;
  readonly scheduleGroup: IScheduleGroup;
}

/** Alarms on the collector itself: silence, sources, sinks, and what AWS says of the function and its schedule. */
export function planCollectorAlarms(prepared: Prepared, watched: Watched): readonly AlarmPlan[] {
  return [
    ...planSourceDown(prepared),
    ...planCountingLate(prepared),
    ...planTokenExpiring(prepared),
    ...planSinkDown(prepared),
    ...[
      ...planSilence(prepared, watched),
      ...planRunProblems(prepared, watched),
      ...planLostRuns(prepared, watched),
    ].map(markCollectorDownChild),
  ];
}

interface UpCondition extends Pick<AlarmPlan, 'when' | 'threshold'> {
  readonly options: cloudwatch.MetricOptions;
}

/** Below one minute a minute is bad when half of its runs failed; one of six is the transient failure of a minute. */
function chooseUpCondition({ interval }: CollectorConfig): UpCondition {
  return convertInterval(interval) < minuteMs
    ? { options: { statistic: 'Average' }, when: 'at-most', threshold: 0.5 }
    : { options: {}, when: 'below', threshold: 1 };
}

function planSourceDown(prepared: Prepared): readonly AlarmPlan[] {
  const window = chooseWindow(prepared.config.alarms.sourceDownMinutes, prepared.config);
  const { options, ...condition } = chooseUpCondition(prepared.config);
  return prepared.sources.map(({ name, system }) => ({
    name: `source-down/${name}`,
    description: `Source "${name}" has not given everything in ${formatWindow(window, prepared.config)}. The line "run finished" in the function's log names the reason and the remedy; a token that ended is the usual one. Alarms on its queues are silent meanwhile.`,
    metric: buildMetric(prepared, sourceUp, { system, source: name }, options),
    ...condition,
    window,
    // Silence of the whole collector has an alarm of its own.
    silence: 'kept',
  }));
}

/** A source that counts finished runs must not fall behind; one that reads in turn is behind by plan. */
function planCountingLate(prepared: Prepared): readonly AlarmPlan[] {
  const minutes = chooseLateMinutes(prepared.config);
  return prepared.sources
    .filter((source) => source.needsState && canEmit(source, watermarkLag, {}) && !isReadInTurn(source))
    .map(({ name, system }) => ({
      name: `counting-late/${name}`,
      description: `The counting of finished runs of source "${name}" is more than ${String(minutes)} minutes behind: its lists are cut short by a budget, or a part of them cannot be read. Nothing is lost yet; the line "run finished" in the function's log names the part.`,
      metric: buildMetric(prepared, watermarkLag, { system, source: name }),
      when: 'above',
      threshold: minutes * 60,
      window: chooseAgeWindow(settledMinutes, prepared.config),
      silence: 'kept',
    }));
}

/** At least two intervals: what is cut short once is an interval late, and catches up by itself. */
function chooseLateMinutes(config: CollectorConfig): number {
  return Math.max(config.alarms.countingLateMinutes, 2 * chooseScheduleRate(config).toMinutes());
}

function planTokenExpiring(prepared: Prepared): readonly AlarmPlan[] {
  const { alarms } = prepared.config;
  return prepared.sources.filter(hasTokenExpiry).map(({ name, system }) => {
    const own = alarms.tokens.find(({ source }) => source === name);
    const hours = own?.expiringHours ?? alarms.tokenExpiringHours;
    const labels = { system, source: name };
    const threshold = Duration.hours(hours).toSeconds();
    const short = thresholdsOfShortLife * threshold;
    // Of a credential that does not tell how long it lives.
    const life = `FILL(lifetime, ${String(short)})`;
    return {
      name: `token-expiring/${name}`,
      description: `A credential of source "${name}" ends within ${hours % 24 === 0 ? `${String(hours / 24)} days` : `${String(hours)} hours`}, as the CI system says, or one that lives shorter than twice as long is in the last twentieth of its life: what renews it has failed. Create a new one with the same scopes and put it into the secret; nothing has to be deployed.`,
      metric: new cloudwatch.MathExpression({
        expression: `left - IF(${life} < ${String(short)}, ${life} / ${String(shareOfShortLife)}, ${String(threshold)})`,
        usingMetrics: {
          left: buildMetric(prepared, tokenExpiry, labels),
          lifetime: buildMetric(prepared, tokenLifetime, labels),
        },
        label: 'Seconds until somebody must act',
        period: chooseScheduleRate(prepared.config),
      }),
      when: 'below',
      threshold: 0,
      // An end is a fact, which no second point has to confirm, and of a short life the next one may come too late.
      window: atOnce,
      silence: 'kept',
    };
  });
}

function hasTokenExpiry({ metrics }: PreparedSource): boolean {
  return metrics.includes(tokenExpiry);
}

/**
 * So many runs make a collector that has started, as two differences of neighbours need. The first run ends the silence
 * before it, and alarms are evaluated in no order: were one run enough, `collector-started` could be OK while
 * `collector-silent` is still to be evaluated, and every deployment might wake somebody.
 */
const startedRuns = 3;

/** Every run that ends tells when it started, whatever came of it: without a point no run has ended. */
function planSilence(prepared: Prepared, { fn }: Watched): readonly AlarmPlan[] {
  const { config } = prepared;
  const period = chooseScheduleRate(config);
  const runs = buildMetric(prepared, runLag, { collector: config.collector }, { statistic: 'SampleCount' });
  const window = chooseSilenceWindow(config.alarms.silentMinutes, config);
  return [
    {
      name: 'collector-silent',
      description: `No run of the collector has ended for ${formatWindow(window, config)}. Look whether its schedule is enabled, whether the account throttles the function, and in its log whether it can start at all.`,
      // Missing points count from the first on; left missing, they would count once the whole range has none.
      metric: new cloudwatch.MathExpression({
        expression: 'FILL(runs, 0)',
        usingMetrics: { runs },
        label: 'Runs that ended',
        period,
      }),
      when: 'below',
      threshold: 1,
      window,
      silence: 'kept',
    },
    {
      name: 'collector-started',
      description:
        'OK once three runs have ended since the schedule was enabled, and never on. Until then nothing has stopped, so collector-down does not count silence.',
      metric: new cloudwatch.MathExpression({
        expression: '0 * DIFF(DIFF(runs))',
        usingMetrics: { runs },
        label: 'Third run and later ones',
        period,
      }),
      when: 'below',
      threshold: 0,
      window: { bad: startedRuns, of: startedRuns },
      silence: 'unknown',
    },
    planCrashes(prepared, fn, runs),
  ];
}

function planSinkDown(prepared: Prepared): readonly AlarmPlan[] {
  const window = chooseWindow(prepared.config.alarms.sinkDownMinutes, prepared.config);
  const { options, ...condition } = chooseUpCondition(prepared.config);
  return prepared.sinks.map(({ name }) => ({
    name: `sink-down/${name}`,
    description: `Sink "${name}" has refused a part of the metrics or all of them in ${formatWindow(window, prepared.config)}; the other sinks have theirs. The line "run finished" in the function's log names the reason and the remedy.`,
    metric: buildMetric(prepared, sinkUp, { sink: name }, options),
    ...condition,
    window,
    silence: 'kept',
  }));
}

function planRunProblems(prepared: Prepared, { fn }: Watched): readonly AlarmPlan[] {
  const { config } = prepared;
  const period = chooseScheduleRate(config);
  return [
    {
      name: 'function-errors',
      description:
        'Again and again a run collected nothing, delivered nothing, or was killed. The function log and the message in the dead-letter queue have the reason. This alarm tells nobody: source-down, sink-down and collector-down do.',
      metric: fn.metricErrors({ period, statistic: 'Sum' }),
      when: 'at-least',
      threshold: 1,
      window: chooseRunWindow(config),
      silence: 'fine',
    },
    {
      name: 'function-throttled',
      description:
        'Lambda refused to start runs: the concurrency of the account or of the function is used up. Raise the quota, or remove deployment.reservedConcurrency.',
      metric: fn.metricThrottles({ period, statistic: 'Sum' }),
      when: 'at-least',
      threshold: 1,
      window: chooseRunWindow(config),
      silence: 'fine',
    },
    ...planSlowRuns(prepared, fn),
  ];
}

/** Below one minute a run lasts a whole minute by design, so its length tells nothing. */
function planSlowRuns({ config }: Prepared, fn: lambda.Function): readonly AlarmPlan[] {
  if (convertInterval(config.interval) < minuteMs) return [];
  const { durationPercent } = config.alarms;
  const timeoutMs = fn.timeout?.toMilliseconds() ?? 0;
  return [
    {
      name: 'function-slow',
      description: `Runs take more than ${String(durationPercent)} % of the function timeout. Look in the log which source or sink is slow; raise deployment.timeoutSeconds or memoryMegabytes before runs are cut off.`,
      metric: fn.metricDuration({ period: chooseScheduleRate(config), statistic: 'Maximum' }),
      when: 'above',
      threshold: (timeoutMs * durationPercent) / 100,
      window: chooseRunWindow(config),
      silence: 'kept',
    },
  ];
}

/** How many runs must die or have a problem before an alarm is raised: one may be an accident. */
const unwellRuns = 3;

function chooseRunWindow(config: CollectorConfig): AlarmWindow {
  return chooseWindow(unwellRuns * chooseScheduleRate(config).toMinutes(), config);
}

/**
 * A run that ends has told when it started, whatever came of it. Below one minute one invocation has several runs, and
 * dies when half of them are missing.
 */
function planCrashes({ config }: Prepared, fn: lambda.Function, runs: cloudwatch.Metric): AlarmPlan {
  const period = chooseScheduleRate(config);
  const window = chooseRunWindow(config);
  const perInvocation = Math.max(minuteMs / convertInterval(config.interval), 1);
  return {
    name: 'function-crashes',
    description: `The function was started and its run did not end in ${formatWindow(window, config)}. Its log says why: it cannot start with its configuration, is short of memory, or ran into its timeout.`,
    metric: new cloudwatch.MathExpression({
      expression: `IF(FILL(runs, 0) < ${String(perInvocation / 2)} * FILL(invocations, 0), 1, 0)`,
      usingMetrics: { runs, invocations: fn.metricInvocations({ period, statistic: 'Sum' }) },
      label: 'Runs died',
      period,
    }),
    when: 'at-least',
    threshold: 1,
    window,
    silence: 'fine',
  };
}

function planLostRuns({ config }: Prepared, { deadLetterQueue, scheduleGroup }: Watched): readonly AlarmPlan[] {
  const period = chooseScheduleRate(config);
  const raiseAtOne = (
    metric: cloudwatch.IMetric,
    window: AlarmWindow,
  ): Pick<AlarmPlan, 'metric' | 'when' | 'threshold' | 'window' | 'silence'> => ({
    metric,
    when: 'at-least',
    threshold: 1,
    window,
    silence: 'fine',
  });
  const soon = chooseRunWindow(config);
  return [
    {
      name: 'dead-letters',
      description:
        'Again and again runs failed or could not be started; the messages that came into the dead-letter queue hold the events and the errors. Nothing is replayed from it, and messages that stay in it keep no alarm on. This alarm tells nobody: what made the runs fail has its own.',
      // What came in, not what lies there: that would keep the alarm on for as long as the queue keeps its messages.
      ...raiseAtOne(
        new cloudwatch.MathExpression({
          // Without zeros an alarm looks further back than its window for the messages that there are.
          expression: 'FILL(messages, 0)',
          usingMetrics: { messages: deadLetterQueue.metricNumberOfMessagesSent({ period, statistic: 'Sum' }) },
          label: 'Messages that came in',
          period,
        }),
        soon,
      ),
    },
    {
      name: 'schedule-dropped',
      description:
        'EventBridge Scheduler gave up starting runs. Its role may lack lambda:InvokeFunction, or the function is gone; deploy again.',
      ...raiseAtOne(scheduleGroup.metricDropped({ period, statistic: 'Sum' }), soon),
    },
    {
      name: 'schedule-dead-letters',
      description:
        'EventBridge Scheduler has put events that it could not deliver into the dead-letter queue; their attribute ERROR_CODE has the reason.',
      ...raiseAtOne(scheduleGroup.metricSentToDLQ({ period, statistic: 'Sum' }), soon),
    },
  ];
}
