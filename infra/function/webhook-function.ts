/** Makes the function behind a webhook's URL. */
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { EventFeed, PreparedSource } from '../../lambda/sources/source.ts';
import { acknowledge } from '../acknowledge.ts';
import { bundleWebhookCode } from '../bundle/bundle-function.ts';
import { createLogGroup } from './log-group.ts';
import { allowSending } from '../access/queue-encryption.ts';
import { refuseGap } from '../region-gaps.ts';
import { type CollectorSecrets, grantReadSecrets, selectSecrets } from '../access/secrets.ts';
import { type CollectorSettings, chooseEnvironmentEncryption } from '../settings.ts';

type WebhookFeed = Extract<EventFeed, { kind: 'webhook' }>;

export interface WebhookOptions {
  readonly config: CollectorConfig;
  readonly secrets: CollectorSecrets;
  readonly settings: CollectorSettings;
  /** The customer's key of the queues. */
  readonly queueKey: kms.IKey | undefined;
}

/** Bitbucket gives up after about 10 s. */
const timeout = Duration.seconds(10);

/**
 * A function behind a public URL that checks who sends and fills one queue: it can read one secret and write to one
 * queue, and a flood of requests takes no run from the collector.
 */
export function createWebhook(
  scope: Construct,
  { name }: PreparedSource,
  { secret, scheme }: WebhookFeed,
  queue: sqs.Queue,
  { config, secrets, settings, queueKey }: WebhookOptions,
): string {
  const logGroup = createLogGroup(scope, `WebhookLog-${name}`, config, settings);
  const role = new iam.Role(scope, `WebhookRole-${name}`, {
    description: `What the webhook of source "${name}" may do.`,
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  logGroup.grantWrite(role);
  role.addToPolicy(
    new iam.PolicyStatement({ sid: 'PutEvents', actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
  );
  allowSending(role, queueKey);
  const fn = new lambda.Function(scope, `Webhook-${name}`, {
    description: `Takes events of source "${name}" for the CI metrics collector.`,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: 'index.handler',
    code: settings.webhookCode ?? bundleWebhookCode(),
    role,
    // CPU comes with memory, and loading the AWS SDK is CPU.
    memorySize: 256,
    timeout,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environment: {
      NODE_OPTIONS: '--enable-source-maps',
      WEBHOOK_QUEUE_URL: queue.queueUrl,
      WEBHOOK_SECRET: JSON.stringify(secret),
      WEBHOOK_SCHEME: scheme,
    },
    ...chooseEnvironmentEncryption(scope, `WebhookEnvironmentKey-${name}`, config.deployment, settings),
  });
  acknowledge(fn, 'Serverless-LambdaDLQ', 'A URL invokes synchronously: the sender is told, and tries again.');
  acknowledge(fn, 'Serverless-LambdaTracing', 'Its one call takes milliseconds; the log tells of every refusal.');
  grantReadSecrets(role, selectSecrets(secrets, [secret]));
  refuseGap(fn, 'function-url');
  return fn.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE }).url;
}
