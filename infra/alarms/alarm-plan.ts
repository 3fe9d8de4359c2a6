/** The plan of an alarm, and how an alarm of CloudWatch is made from it. */
import { createHash } from 'node:crypto';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { ConfigError } from '../../lambda/config/config-error.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { Construct } from 'constructs';
import type { AlarmWindow } from './windows.ts';
import type { PromqlReading } from '../metrics/promql-reading.ts';
import { chooseScheduleRate } from '../settings.ts';

const operators = {
  above: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
  'at-least': cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  below: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
  'at-most': cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
} as const;

/** The same in PromQL. */
const comparisons = { above: '>', 'at-least': '>=', below: '<', 'at-most': '<=' } as const;

/**
 * What silence means while the schedule is enabled. `kept`: nothing, the state stays as it is, because a source that
 * cannot be read has not recovered; the silence itself has an alarm of its own. `fine`: a count that is sent only when
 * there is something to count. `unknown`: as `kept`, for what is to be forgotten when the schedule is disabled.
 */
const missingData = {
  kept: cloudwatch.TreatMissingData.IGNORE,
  fine: cloudwatch.TreatMissingData.NOT_BREACHING,
  unknown: cloudwatch.TreatMissingData.IGNORE,
} as const;

/** A collector whose schedule is disabled is silent on purpose, so no state is kept: it would stay on for ever. */
const missingDataWhenDisabled = {
  kept: cloudwatch.TreatMissingData.NOT_BREACHING,
  fine: cloudwatch.TreatMissingData.NOT_BREACHING,
  unknown: cloudwatch.TreatMissingData.MISSING,
} as const;

/** PutMetricAlarm API reference, AlarmName. */
const maxNameLength = 255;

/** One alarm, before it is made. */
export interface AlarmPlan {
  /** Unique in the collector: the last part of the alarm's name. */
  readonly name: string;
  /** What it means and what to do: the text of the notification. */
  readonly description: string;
  /** A metric of CloudWatch, or what is stored by OTLP alone. */
  readonly metric: cloudwatch.IMetric | PromqlReading;
  readonly when: keyof typeof operators;
  readonly threshold: number;
  readonly window: AlarmWindow;
  readonly silence: keyof typeof missingData;
  /** What the window cannot hold of the minutes that were asked for; told at the synthesis. */
  readonly cut?: string | undefined;
  /** A part of a composite alarm, which tells the topic in its place. */
  readonly isChild?: boolean;
  /** What has a state of its own within this alarm, and is told to EventBridge; absent where it is on one thing. */
  readonly contributors?: Contributors;
}

/** Everything of a kind that the query of an alarm finds. */
export interface Contributors {
  readonly kind: 'queues' | 'workflows';
  /** The only source whose they are; absent where they may be any source's. */
  readonly source?: string;
}

/** PutMetricAlarm API reference, AlarmPromQLCriteria: characters of a query. */
const maxQueryLength = 10_000;

export function createAlarm(scope: Construct, config: CollectorConfig, plan: AlarmPlan): cloudwatch.AlarmBase {
  const { metric } = plan;
  return isPromql(metric)
    ? createPromqlAlarm(scope, config, plan, metric)
    : createMetricAlarm(scope, config, plan, metric);
}

export function isPromql(metric: AlarmPlan['metric']): metric is PromqlReading {
  return 'query' in metric;
}

/**
 * Threshold and window stand in the query, since every series that it finds counts as bad. An alarm in PromQL has no
 * setting for missing data: what finds nothing is over.
 */
function createPromqlAlarm(
  scope: Construct,
  config: CollectorConfig,
  { name, description, when, threshold, window, silence }: AlarmPlan,
  reading: PromqlReading,
): cloudwatch.PromQLAlarm {
  const isKept = silence === 'kept';
  const query = reading.query({ operator: comparisons[when], threshold, window, isKept });
  if (query.length > maxQueryLength) {
    const message = `the query of the alarm ${name} has ${String(query.length)} characters, and CloudWatch takes ${String(maxQueryLength)}; shorten the names in it`;
    throw new ConfigError('the configuration', [{ path: 'alarms', message }]);
  }
  if (!('PromQLAlarm' in cloudwatch))
    throw new Error('alarms on what is stored by OTLP need an aws-cdk-lib that has PromQLAlarm; install a newer one');
  return new cloudwatch.PromQLAlarm(scope, formatAlarmId(name), {
    alarmName: formatAlarmName(config.collector, name),
    alarmDescription: describeAlarm(config, { name, description }),
    query,
    evaluationInterval: chooseScheduleRate(config),
  });
}

function createMetricAlarm(
  scope: Construct,
  config: CollectorConfig,
  plan: AlarmPlan,
  metric: cloudwatch.IMetric,
): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, formatAlarmId(plan.name), {
    alarmName: formatAlarmName(config.collector, plan.name),
    alarmDescription: describeAlarm(config, plan),
    metric,
    comparisonOperator: operators[plan.when],
    threshold: plan.threshold,
    evaluationPeriods: plan.window.of,
    datapointsToAlarm: plan.window.bad,
    treatMissingData: (config.deployment.schedule === 'enabled' ? missingData : missingDataWhenDisabled)[plan.silence],
  });
}

/** PutMetricAlarm API reference, AlarmDescription. */
const maxDescriptionLength = 1024;

/**
 * The text of the notification, with the section that says what to do: of the operator's own runbook, where there is one.
 * @throws ConfigError when CloudWatch does not take so long a text.
 */
export function describeAlarm(
  { alarms: { runbookUrl = 'docs/operating.md' } }: CollectorConfig,
  { name, description }: Pick<AlarmPlan, 'name' | 'description'>,
): string {
  const text = `${description} Runbook: ${runbookUrl}#${name.replace(/\/.*/s, '')}`;
  if (text.length <= maxDescriptionLength) return text;
  const message = `makes the description of the alarm ${name} ${String(text.length)} characters long, and CloudWatch takes ${String(maxDescriptionLength)}; use a shorter address`;
  throw new ConfigError('the configuration', [{ path: 'alarms.runbookUrl', message }]);
}

/** What an alarm watches, as the end of its name: no two places have one text, whatever signs a CI system has in names. */
export function formatSubject(source: string, scope: string, name: string): string {
  return `${source}/${scope.replace(/[%/]/g, encodeURIComponent)}/${name}`;
}

/** Two long names may be alike up to where they are cut, and the account has each name once. */
export function formatAlarmName(collector: string, name: string): string {
  const wanted = `${collector}/${name}`;
  if (wanted.length <= maxNameLength) return wanted;
  const digest = hashName(wanted);
  return `${wanted.slice(0, maxNameLength - digest.length - 1)}~${digest}`;
}

/** A construct's id has `--` for each slash, so that what has dashes in such places needs more to be told apart. */
export function formatAlarmId(name: string): string {
  return /--|-\/|\/-/.test(name) ? `${name}~${hashName(name)}` : name;
}

function hashName(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
