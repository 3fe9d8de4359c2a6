import { createHash } from 'node:crypto';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { freeId } from './free-id.ts';

const operators = {
  above: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
  'at-least': cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  below: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
} as const;

/**
 * What silence means: a heartbeat that stops is the fault itself; a figure that stops has its own alarm on the
 * heartbeat.
 */
const missingData = {
  fault: cloudwatch.TreatMissingData.BREACHING,
  fine: cloudwatch.TreatMissingData.NOT_BREACHING,
} as const;

/** PutMetricAlarm API reference, AlarmName. */
const maxNameLength = 255;

/** One alarm, before it is made. */
export interface AlarmPlan {
  /** Unique in the collector; the last part of the alarm's name, and the construct's id. */
  readonly name: string;
  /** What it means and what to do: the text that whoever is woken reads first. */
  readonly description: string;
  readonly metric: cloudwatch.IMetric;
  readonly when: keyof typeof operators;
  readonly threshold: number;
  /** All of this many periods in a row. */
  readonly periods: number;
  readonly silence: keyof typeof missingData;
}

/** Makes the alarm and lets it tell the topic when it goes off and when it is over. */
export function createAlarm(scope: Construct, collector: string, plan: AlarmPlan, topic: sns.ITopic): cloudwatch.Alarm {
  const id = freeId(scope, plan.name);
  const alarm = new cloudwatch.Alarm(scope, id, {
    alarmName: alarmName(`${collector}/${id}`),
    alarmDescription: plan.description,
    metric: plan.metric,
    comparisonOperator: operators[plan.when],
    threshold: plan.threshold,
    evaluationPeriods: plan.periods,
    datapointsToAlarm: plan.periods,
    treatMissingData: missingData[plan.silence],
  });
  const action = new SnsAction(topic);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}

/** Two long names may be alike up to where they are cut, and the account has each name once. */
function alarmName(wanted: string): string {
  if (wanted.length <= maxNameLength) return wanted;
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 8);
  return `${wanted.slice(0, maxNameLength - digest.length - 1)}~${digest}`;
}
