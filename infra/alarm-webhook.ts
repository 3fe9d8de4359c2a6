import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Aws, Duration, SecretValue } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigError } from '../lambda/config/config-error.ts';
import type { AlarmWebhook } from '../lambda/config/deployment.ts';
import { selects } from '../lambda/config/glob.ts';
import { tellMissing } from './region-gaps.ts';

export interface WebhookOptions {
  readonly webhook: AlarmWebhook;
  /** By the last part of their names. */
  readonly alarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** Takes what could not be delivered. */
  readonly deadLetterQueue: sqs.IQueue;
}

/** An alarm that is acted on an hour late does harm: a clean-up would meet runs that are well by then. */
const mostLate = Duration.minutes(15);

/** With EventBridge's backoff more than enough for these minutes. */
const mostAttempts = 10;

/**
 * Posts every change of the chosen alarms to an HTTP receiver, such as a Tekton EventListener that cancels stuck runs.
 * @throws ConfigError when no alarm is chosen.
 */
export function createAlarmWebhook(scope: Construct, { webhook, alarms, deadLetterQueue }: WebhookOptions): void {
  const isTold = selects(webhook.alarms ?? {});
  const told = [...alarms].filter(([name]) => isTold(name)).map(([, alarm]) => alarm);
  if (told.length === 0) {
    const message = `chooses no alarm of this stack; there are: ${[...alarms.keys()].join(', ')}`;
    throw new ConfigError('the configuration', [{ path: 'alarms.webhook.alarms', message }]);
  }
  const parent = new Construct(scope, 'AlarmWebhook');
  tellMissing(parent, 'api-destination');
  const rule = new events.Rule(parent, 'Rule', {
    description: 'Tells a receiver of alarms of the CI metrics collector.',
    eventPattern: {
      source: ['aws.cloudwatch'],
      detailType: ['CloudWatch Alarm State Change'],
      resources: told.map(({ alarmArn }) => alarmArn),
    },
  });
  rule.addTarget({ bind: () => targetOf(parent, destinationOf(parent, webhook), deadLetterQueue) });
  allowDeadLetters(deadLetterQueue, rule);
}

function targetOf(
  scope: Construct,
  { apiDestinationArn: arn }: events.ApiDestination,
  deadLetterQueue: sqs.IQueue,
): events.RuleTargetConfig {
  const role = new iam.Role(scope, 'Role', {
    description: 'Lets EventBridge tell the receiver of alarms.',
    assumedBy: new iam.ServicePrincipal('events.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    inlinePolicies: {
      Invoke: new iam.PolicyDocument({
        statements: [new iam.PolicyStatement({ actions: ['events:InvokeApiDestination'], resources: [arn] })],
      }),
    },
  });
  return {
    arn,
    role,
    input: payload,
    deadLetterConfig: { arn: deadLetterQueue.queueArn },
    retryPolicy: { maximumEventAgeInSeconds: mostLate.toSeconds(), maximumRetryAttempts: mostAttempts },
  };
}

function allowDeadLetters(queue: sqs.IQueue, rule: events.Rule): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'UndeliveredAlarms',
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
    }),
  );
}

/** Flat, so that a TriggerBinding or any other receiver needs no deep paths. Fields of the event: CloudWatch user guide, "Alarm events and EventBridge". */
const payload = events.RuleTargetInput.fromObject({
  alarm: events.EventField.fromPath('$.detail.alarmName'),
  state: events.EventField.fromPath('$.detail.state.value'),
  previousState: events.EventField.fromPath('$.detail.previousState.value'),
  reason: events.EventField.fromPath('$.detail.state.reason'),
  changedAt: events.EventField.fromPath('$.detail.state.timestamp'),
  region: events.EventField.fromPath('$.region'),
  account: events.EventField.fromPath('$.account'),
});

function destinationOf(scope: Construct, { url, header, token }: AlarmWebhook): events.ApiDestination {
  const connection = new events.Connection(scope, 'Connection', {
    description: 'Token for the receiver of alarms.',
    // A dynamic reference: CloudFormation reads the value when it deploys, and the template holds its name only.
    authorization: events.Authorization.apiKey(
      header,
      SecretValue.secretsManager(token.secret, token.key === undefined ? {} : { jsonField: token.key }),
    ),
  });
  return new events.ApiDestination(scope, 'Destination', {
    connection,
    endpoint: url,
    httpMethod: events.HttpMethod.POST,
    // Alarms change a few times an hour; more is a storm that the receiver must not multiply.
    rateLimitPerSecond: 1,
  });
}
