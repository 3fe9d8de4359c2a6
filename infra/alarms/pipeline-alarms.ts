import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { judgedResults } from '../../lambda/config/checks/check-alarms.ts';
import type { PipelineAlarm } from '../../lambda/config/deployment.ts';
import type { Labels } from '../../lambda/model/metric.ts';
import { runLastSuccess, runsFinished, runsStuck, systemErrors } from '../../lambda/model/catalogue/run-metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import { type AlarmPlan, placeName } from './alarm-plan.ts';
import { hasSink, inReachOf } from './reach.ts';
import { atOnce, wholePeriodStatistic, within } from './windows.ts';
import { isTaken, metricOf, readingOf, systemOf } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { countedIn, figureReading, type PromqlReading } from '../metrics/promql-reading.ts';
import { whereToLook } from './where-to-look.ts';

/** Alarms on runs: pipelines that the configuration names, and what a source tells of all of its runs. */
export function pipelinePlans(all: Prepared, region: string): readonly AlarmPlan[] {
  const prepared = inReachOf(all, region);
  const named = prepared.config.alarms.pipelines.flatMap((alarm) => [
    failurePlan(prepared, alarm),
    ...sincePlans(prepared, alarm),
  ]);
  if (!hasSink(prepared)) return named;
  return [
    ...named,
    ...prepared.sources.flatMap((source) => [...stuckPlans(prepared, source), ...errorPlans(prepared, source)]),
  ];
}

/** Fewer runs than this in an hour make no ratio worth waking somebody for. */
const leastRuns = 5;

function failurePlan(prepared: Prepared, alarm: PipelineAlarm): AlarmPlan {
  const { source, scope, pipeline, failurePercent } = alarm;
  return {
    name: `pipeline-failing/${placeName(source, scope, pipeline)}`,
    description: `At least ${String(failurePercent)} % of an hour's runs of pipeline "${pipeline}" in ${scope} (source ${source}) failed, timed out or met an error of the CI system. Cancelled and skipped runs do not count; an hour with fewer than ${String(leastRuns)} runs is not judged.`,
    metric: failedPercent(prepared, labelsOf(prepared, alarm)),
    when: 'at-least',
    threshold: failurePercent,
    window: atOnce,
    silence: 'fine',
  };
}

/** Of the runs of an hour; 0 where they are too few. */
function failedPercent(prepared: Prepared, labels: Labels): cloudwatch.IMetric | PromqlReading {
  const [sink] = prepared.otlpSinks;
  if (prepared.cloudWatchSinks.length === 0 && sink !== undefined) {
    const count = (results: readonly string[]): string =>
      countedIn(prepared, sink, runsFinished, { labels, oneOf: { result: results }, minutes: 60 });
    const all = count(judgedResults);
    const bad = count(judgedResults.filter((result) => result !== 'success'));
    return figureReading(`100 * ${bad} / (${all} >= ${String(leastRuns)})`);
  }
  const period = Duration.hours(1);
  const runs = (result: string): cloudwatch.Metric =>
    metricOf(prepared, runsFinished, { ...labels, result }, { period });
  return new cloudwatch.MathExpression({
    expression:
      `IF(bad + FILL(success, 0) >= ${String(leastRuns)}, 100 * bad / (bad + FILL(success, 0)), 0)`.replaceAll(
        'bad',
        '(FILL(failure, 0) + FILL(error, 0) + FILL(timeout, 0))',
      ),
    usingMetrics: {
      success: runs('success'),
      failure: runs('failure'),
      error: runs('error'),
      timeout: runs('timeout'),
    },
    label: 'Failed runs in percent',
    period,
  });
}

/** The age is in the value, so it need not stay beyond its bound for long. */
const settledMinutes = 5;

function sincePlans(prepared: Prepared, alarm: PipelineAlarm): readonly AlarmPlan[] {
  const { source, scope, pipeline, sinceSuccessHours } = alarm;
  if (sinceSuccessHours === undefined) return [];
  return [
    {
      name: `pipeline-without-success/${placeName(source, scope, pipeline)}`,
      description: `Pipeline "${pipeline}" in ${scope} (source ${source}) has not succeeded on any branch for ${String(sinceSuccessHours)} hours: it fails all the time, or nothing starts it.`,
      metric: readingOf(prepared, runLastSuccess, labelsOf(prepared, alarm)),
      when: 'above',
      threshold: Duration.hours(sinceSuccessHours).toSeconds(),
      window: within(settledMinutes, prepared.config),
      silence: 'kept',
    },
  ];
}

function labelsOf(prepared: Prepared, { source, scope, pipeline }: PipelineAlarm): Labels {
  return { system: systemOf(prepared, source), source, scope, pipeline };
}

function stuckPlans(prepared: Prepared, { name, system, metrics }: PreparedSource): readonly AlarmPlan[] {
  const labels = { system, source: name };
  if (!metrics.includes(runsStuck) || !isTaken(prepared, runsStuck, labels)) return [];
  return [
    {
      name: `runs-stuck/${name}`,
      description: `Source "${name}" has runs that have been open far longer than their pipelines usually take. ${whereToLook(prepared, 'Stuck runs', runsStuck)} names the pipelines; cancel the runs, or look what they wait for.`,
      metric: readingOf(prepared, runsStuck, labels, { statistic: wholePeriodStatistic(prepared.config) }),
      when: 'above',
      threshold: 0,
      window: within(prepared.config.alarms.stuckRunsMinutes, prepared.config),
      silence: 'kept',
    },
  ];
}

function errorPlans(prepared: Prepared, { name, system, metrics }: PreparedSource): readonly AlarmPlan[] {
  const labels = { system, source: name };
  if (!metrics.includes(systemErrors) || !isTaken(prepared, systemErrors, labels)) return [];
  return [
    {
      name: `system-errors/${name}`,
      description: `The CI system of source "${name}" has had many faults of its own in 15 minutes: lost agents, expired jobs, lost runs, data that it contradicts. ${whereToLook(prepared, 'System errors', systemErrors)} tells which.`,
      metric: errorsOf(prepared, labels),
      when: 'at-least',
      threshold: prepared.config.alarms.systemErrors,
      window: atOnce,
      silence: 'fine',
    },
  ];
}

/** So many in 15 minutes. */
function errorsOf(prepared: Prepared, labels: Labels): cloudwatch.IMetric | PromqlReading {
  const [sink] = prepared.otlpSinks;
  const period = Duration.minutes(15);
  if (prepared.cloudWatchSinks.length > 0 || sink === undefined)
    return metricOf(prepared, systemErrors, labels, { period });
  return figureReading(countedIn(prepared, sink, systemErrors, { labels, minutes: period.toMinutes() }));
}
