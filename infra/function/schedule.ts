/** Makes the schedule that starts the function. */
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Aws, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { allowSending } from '../access/queue-encryption.ts';
import { chooseScheduleRate } from '../settings.ts';

export interface CollectorSchedule {
  readonly schedule: Schedule;
  /** The collector's alone: EventBridge Scheduler's metrics are per group. */
  readonly group: ScheduleGroup;
}

/** What the schedule starts, and where it leaves what it could not start. */
export interface ScheduledFunction {
  readonly fn: lambda.IFunction;
  readonly deadLetterQueue: sqs.IQueue;
  readonly queueKey: kms.IKey | undefined;
}

/** Starts the function at the configured interval, or once a minute where the interval is shorter. */
export function createSchedule(
  scope: Construct,
  config: CollectorConfig,
  { fn, deadLetterQueue, queueKey }: ScheduledFunction,
): CollectorSchedule {
  const rate = chooseScheduleRate(config);
  const group = new ScheduleGroup(scope, 'ScheduleGroup', {
    // Its name is fixed by the construct's place: a group that stays behind would block the next deployment.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = createRole(scope, group, fn, deadLetterQueue);
  allowSending(role, queueKey);
  const schedule = new Schedule(scope, 'Schedule', {
    description: 'Starts a run of the CI metrics collector.',
    schedule: ScheduleExpression.rate(rate),
    scheduleGroup: group,
    enabled: config.deployment.schedule === 'enabled',
    target: new LambdaInvoke(fn, {
      input: ScheduleTargetInput.fromObject({
        scheduledTime: ContextAttribute.scheduledTime,
        executionId: ContextAttribute.executionId,
        attemptNumber: ContextAttribute.attemptNumber,
      }),
      // A late run would stamp a minute that alarms have already judged; the next tick is the retry.
      retryAttempts: 0,
      maxEventAge: rate,
      deadLetterQueue,
      // The target would also allow every version and alias; the role has what it needs and takes no more.
      role: role.withoutPolicyUpdates(),
    }),
  });
  return { schedule, group };
}

function createRole(scope: Construct, group: ScheduleGroup, fn: lambda.IFunction, queue: sqs.IQueue): iam.Role {
  return new iam.Role(scope, 'ScheduleRole', {
    description: 'Lets the schedule start the CI metrics collector.',
    // Without these conditions a schedule of another account could use the role (Scheduler user guide, "Confused deputy").
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': group.scheduleGroupArn },
      },
    }),
    inlinePolicies: {
      Invoke: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [fn.functionArn] }),
          new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
        ],
      }),
    },
  });
}
