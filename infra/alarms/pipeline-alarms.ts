/** Plans the alarms on runs: named pipelines, stuck runs and errors of the CI system. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { failedResults, verdictResults } from '../../lambda/model/catalogue/results.ts';
import type { PipelineAlarm } from '../../lambda/config/deployment.ts';
import type { Labels } from '../../lambda/model/metric.ts';
import { runLastSuccess, runsFinished, runsStuck, systemErrors } from '../../lambda/model/catalogue/run-metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import { type AlarmPlan, formatSubject } from './alarm-plan.ts';
import { hasSink, limitToReach } from './reach.ts';
import {
  atOnce,
  chooseAgeWindow,
  chooseLevelStatistic,
  chooseWindow,
  formatWindow,
  settledMinutes,
} from './windows.ts';
import { isTaken, buildMetric, chooseReading, findSystem } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { buildCountExpression, buildFigureReading, type PromqlReading } from '../metrics/promql-reading.ts';
import { describeGraph } from './where-to-look.ts';

/** Alarms on runs: pipelines that the configuration names, and what a source tells of all of its runs. */
export function planPipelineAlarms(all: Prepared, region: string): readonly AlarmPlan[] {
  const prepared = limitToReach(all, region);
  const named = prepared.config.alarms.pipelines.flatMap((alarm) => [
    planFailing(prepared, alarm),
    ...planWithoutSuccess(prepared, alarm),
  ]);
  if (!hasSink(prepared)) return named;
  return [
    ...named,
    ...prepared.sources.flatMap((source) => [
      ...planStuckRuns(prepared, source),
      ...planSystemErrors(prepared, source),
    ]),
  ];
}

/** With fewer runs in an hour the ratio says too little for an alarm. */
const leastRuns = 5;

function planFailing(prepared: Prepared, alarm: PipelineAlarm): AlarmPlan {
  const { source, scope, pipeline, failurePercent } = alarm;
  return {
    name: `pipeline-failing/${formatSubject(source, scope, pipeline)}`,
    description: `At least ${String(failurePercent)} % of an hour's runs of pipeline "${pipeline}" in ${scope} (source ${source}) failed, timed out or met an error of the CI system. Cancelled and skipped runs do not count; an hour with fewer than ${String(leastRuns)} runs is not judged.`,
    metric: buildFailedPercent(prepared, buildLabels(prepared, alarm)),
    when: 'at-least',
    threshold: failurePercent,
    window: atOnce,
    silence: 'fine',
  };
}

/** Of the runs of an hour; 0 where they are too few. */
function buildFailedPercent(prepared: Prepared, labels: Labels): cloudwatch.IMetric | PromqlReading {
  const [sink] = prepared.otlpSinks;
  if (prepared.cloudWatchSinks.length === 0 && sink !== undefined) {
    const count = (results: readonly string[]): string =>
      buildCountExpression(prepared, sink, runsFinished, { labels, oneOf: { result: results }, minutes: 60 });
    const all = count(verdictResults);
    const bad = count(failedResults);
    return buildFigureReading(`100 * ${bad} / (${all} >= ${String(leastRuns)})`);
  }
  const period = Duration.hours(1);
  const buildRuns = (result: string): cloudwatch.Metric =>
    buildMetric(prepared, runsFinished, { ...labels, result }, { period });
  return new cloudwatch.MathExpression({
    expression:
      `IF(bad + FILL(success, 0) >= ${String(leastRuns)}, 100 * bad / (bad + FILL(success, 0)), 0)`.replaceAll(
        'bad',
        '(FILL(failure, 0) + FILL(error, 0) + FILL(timeout, 0))',
      ),
    usingMetrics: {
      success: buildRuns('success'),
      failure: buildRuns('failure'),
      error: buildRuns('error'),
      timeout: buildRuns('timeout'),
    },
    label: 'Failed runs in percent',
    period,
  });
}

function planWithoutSuccess(prepared: Prepared, alarm: PipelineAlarm): readonly AlarmPlan[] {
  const { source, scope, pipeline, sinceSuccessHours } = alarm;
  if (sinceSuccessHours === undefined) return [];
  return [
    {
      name: `pipeline-without-success/${formatSubject(source, scope, pipeline)}`,
      description: `Pipeline "${pipeline}" in ${scope} (source ${source}) has not succeeded on any branch for ${String(sinceSuccessHours)} hours: it fails all the time, or nothing starts it.`,
      metric: chooseReading(prepared, runLastSuccess, buildLabels(prepared, alarm)),
      when: 'above',
      threshold: Duration.hours(sinceSuccessHours).toSeconds(),
      window: chooseAgeWindow(settledMinutes, prepared.config),
      silence: 'kept',
    },
  ];
}

function buildLabels(prepared: Prepared, { source, scope, pipeline }: PipelineAlarm): Labels {
  return { system: findSystem(prepared, source), source, scope, pipeline };
}

function planStuckRuns(prepared: Prepared, { name, system, metrics }: PreparedSource): readonly AlarmPlan[] {
  const labels = { system, source: name };
  if (!metrics.includes(runsStuck) || !isTaken(prepared, runsStuck, labels)) return [];
  const window = chooseWindow(prepared.config.alarms.stuckRunsMinutes, prepared.config);
  return [
    {
      name: `runs-stuck/${name}`,
      description: `Source "${name}" has had runs for ${formatWindow(window, prepared.config)} that are open far longer than their pipelines usually take. ${describeGraph(prepared, 'Stuck runs', runsStuck)} names the pipelines; cancel the runs, or look what they wait for.`,
      metric: chooseReading(prepared, runsStuck, labels, { statistic: chooseLevelStatistic(prepared.config) }),
      when: 'above',
      threshold: 0,
      window,
      silence: 'kept',
    },
  ];
}

function planSystemErrors(prepared: Prepared, { name, system, metrics }: PreparedSource): readonly AlarmPlan[] {
  const labels = { system, source: name };
  if (!metrics.includes(systemErrors) || !isTaken(prepared, systemErrors, labels)) return [];
  return [
    {
      name: `system-errors/${name}`,
      description: `The CI system of source "${name}" has had many faults of its own in 15 minutes: lost agents, expired jobs, lost runs, data that it contradicts. ${describeGraph(prepared, 'System errors', systemErrors)} tells which.`,
      metric: buildErrorCount(prepared, labels),
      when: 'at-least',
      threshold: prepared.config.alarms.systemErrors,
      window: atOnce,
      silence: 'fine',
    },
  ];
}

/** So many in 15 minutes. */
function buildErrorCount(prepared: Prepared, labels: Labels): cloudwatch.IMetric | PromqlReading {
  const [sink] = prepared.otlpSinks;
  const period = Duration.minutes(15);
  if (prepared.cloudWatchSinks.length > 0 || sink === undefined)
    return buildMetric(prepared, systemErrors, labels, { period });
  return buildFigureReading(
    buildCountExpression(prepared, sink, systemErrors, { labels, minutes: period.toMinutes() }),
  );
}
