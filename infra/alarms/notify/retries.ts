/** How long messages are tried, and what becomes of those that nobody takes. */
import type * as events from 'aws-cdk-lib/aws-events';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';

/** Older messages are not delivered: a receiver that cleans up an hour late would cancel runs that are well by then. */
export const mostLate = Duration.minutes(15);

/** More than EventBridge makes in these minutes, with its backoff. */
const mostAttempts = 10;

export function buildRetries(
  undelivered: sqs.IQueue,
): Pick<events.RuleTargetConfig, 'deadLetterConfig' | 'retryPolicy'> {
  return {
    deadLetterConfig: { arn: undelivered.queueArn },
    retryPolicy: { maximumEventAgeInSeconds: mostLate.toSeconds(), maximumRetryAttempts: mostAttempts },
  };
}
