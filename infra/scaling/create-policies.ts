/** Makes the alarms and step policies that give a group exactly the capacity that is needed. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { type CapacityBand, planBands } from './capacity-bands.ts';

/** One step of a policy; bounds are distances from the threshold of its alarm. */
export interface Adjustment {
  readonly adjustment: number;
  readonly lowerBound?: number;
  readonly upperBound?: number;
}

export interface PolicyPlan {
  readonly needed: cloudwatch.MathExpression;
  readonly min: number;
  readonly max: number;
  /** What is needed for what, for the texts of the alarms. */
  readonly subject: string;
  /** Makes a policy of these steps, each an exact capacity. */
  readonly createAction: (id: string, adjustments: readonly Adjustment[]) => cloudwatch.IAlarmAction;
}

/**
 * One alarm for the smallest capacity and one for each band above it. Of these exactly one is on, so that no two policies
 * set the capacity against each other. CloudWatch takes the action when an alarm goes on and each minute while it stays on
 * (EC2 Auto Scaling user guide, "Step and simple scaling policies").
 */
export function createPolicies(scope: Construct, plan: PolicyPlan): void {
  createIdlePolicy(scope, plan);
  for (const band of planBands(plan.min, plan.max)) createBandPolicy(scope, plan, band);
}

/** Thresholds lie between two whole numbers: no value is ever on the edge of a step. */
const half = 0.5;

function createIdlePolicy(scope: Construct, { needed, min, subject, createAction }: PolicyPlan): void {
  createAlarm(scope, 'Idle', {
    metric: needed,
    threshold: min + half,
    comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    description: `On while ${min === 0 ? 'no' : `${String(min)} or fewer`} ${subject}`,
    action: createAction('IdlePolicy', [{ adjustment: min, upperBound: 0 }]),
  });
}

function createBandPolicy(
  scope: Construct,
  { needed, subject, createAction }: PolicyPlan,
  { steps, from, to }: CapacityBand,
): void {
  const adjustments = steps.map(({ needed: lower, capacity }, index): Adjustment => {
    const next = steps[index + 1];
    const lowerBound = lower - from;
    return { adjustment: capacity, lowerBound, ...(next === undefined ? {} : { upperBound: next.needed - from }) };
  });
  const isLast = to === undefined;
  createAlarm(scope, `From${String(from)}`, {
    metric: isLast ? needed : limitNeeded(needed, to),
    threshold: from - half,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    description: `On while ${String(from)} ${isLast ? 'or more' : `to ${String(to)}`} ${subject}`,
    action: createAction(`From${String(from)}Policy`, adjustments),
  });
}

/** Above the band its alarm has to be off, which 0 makes it. */
function limitNeeded(needed: cloudwatch.MathExpression, to: number): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    expression: `IF(needed > ${String(to)}, 0, needed)`,
    usingMetrics: { needed },
    label: 'needed of this band',
    period: needed.period,
  });
}

interface PolicyAlarm extends Pick<cloudwatch.AlarmProps, 'metric' | 'threshold' | 'comparisonOperator'> {
  readonly description: string;
  readonly action: cloudwatch.IAlarmAction;
}

function createAlarm(scope: Construct, id: string, { description, action, ...condition }: PolicyAlarm): void {
  const alarm = new cloudwatch.Alarm(scope, id, {
    ...condition,
    evaluationPeriods: 1,
    // Without data the alarm is neither on nor off, and takes no action: the capacity stays as it is.
    treatMissingData: cloudwatch.TreatMissingData.MISSING,
    alarmDescription: `${description}. It sets the capacity and tells nobody: to be on is no fault.`,
  });
  alarm.addAlarmAction(action);
}
