/** Makes a queue for each source that receives events, and what fills it. */
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigError } from '../../lambda/config/config-error.ts';
import type { EventFeed, PreparedSource } from '../../lambda/sources/source.ts';
import { acknowledge } from '../acknowledge.ts';
import type { FedSource } from '../prepared.ts';
import { allowTaking, chooseQueueEncryption } from '../access/queue-encryption.ts';
import { allowAll } from '../access/statements.ts';
import { createWebhook, type WebhookOptions } from './webhook-function.ts';

export interface FeedOptions extends WebhookOptions {
  readonly fed: readonly FedSource[];
  readonly fn: lambda.Function;
  readonly role: iam.Role;
}

/** The URL that a CI system has to post to. */
export interface WebhookOfSource {
  readonly source: string;
  readonly url: string;
}

export interface EventFeeds {
  readonly webhooks: readonly WebhookOfSource[];
}

/** An older event is of no use: by then the poll has counted the finish, or never will. */
const retention = Duration.hours(12);

/** A queue for each source that is told of events, what fills it, and the right to empty it. */
export function createEventFeeds(scope: Construct, options: FeedOptions): EventFeeds {
  const { fed, fn, role, queueKey } = options;
  if (fed.length === 0) return { webhooks: [] };
  const parent = new Construct(scope, 'Events');
  const feeds = fed.map(({ source, feed }) => ({ source, feed, queue: createQueue(parent, source, queueKey) }));
  const resources = feeds.map(({ queue }) => queue.queueArn);
  allowAll(role, { sid: 'TakeEvents', actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], resources });
  allowTaking(role, queueKey);
  checkEnvironment(fed);
  const urls = Object.fromEntries(feeds.map(({ source, queue }) => [source.name, queue.queueUrl]));
  fn.addEnvironment('COLLECTOR_EVENT_QUEUES', Stack.of(scope).toJsonString(urls));
  return {
    webhooks: feeds.flatMap(({ source, feed, queue }) => {
      if (feed.kind === 'webhook')
        return [{ source: source.name, url: createWebhook(parent, source, feed, queue, options) }];
      createBusRule(parent, source, feed, queue);
      return [];
    }),
  };
}

/**
 * Lambda quotas: 4 KB for all environment variables of a function. The URL of a queue is not known before the deployment:
 * 48 characters of its Region and account at the most, and 80 of the name that CloudFormation makes.
 */
const mostEnvironmentBytes = 4096;
const ofOthers = 512;
const ofQueueUrl = 128;

/** @throws ConfigError for more queues of events than the function can be told of. */
function checkEnvironment(fed: readonly FedSource[]): void {
  const punctuation = '"":"",'.length;
  const bytes = fed.reduce((sum, { source }) => sum + source.name.length + ofQueueUrl + punctuation, ofOthers);
  if (bytes <= mostEnvironmentBytes) return;
  const message = `has ${String(fed.length)} sources with "events", and the environment of a function does not hold the addresses of so many queues; leave "events" out of some, or give them a deployment of their own`;
  throw new ConfigError('the configuration', [{ path: 'sources', message }]);
}

function createQueue(scope: Construct, { name }: PreparedSource, key: kms.IKey | undefined): sqs.Queue {
  const queue = new sqs.Queue(scope, `Queue-${name}`, {
    enforceSSL: true,
    ...chooseQueueEncryption(key),
    retentionPeriod: retention,
  });
  const reason = 'Whatever cannot be taken ends with the retention; the poll counts what it would have told.';
  acknowledge(queue, 'AwsSolutions-SQS3', reason);
  acknowledge(queue, 'Serverless-SQSRedrivePolicy', reason);
  return queue;
}

type BusFeed = Extract<EventFeed, { kind: 'partner-bus' }>;

function createBusRule(
  scope: Construct,
  { name }: PreparedSource,
  { bus, detailTypes }: BusFeed,
  queue: sqs.Queue,
): void {
  const rule = new events.Rule(scope, `Rule-${name}`, {
    description: `Hands events of source "${name}" to the CI metrics collector.`,
    eventBus: events.EventBus.fromEventBusName(scope, `Bus-${name}`, bus),
    eventPattern: { source: [bus], detailType: [...detailTypes] },
  });
  const input = events.RuleTargetInput.fromObject({
    event: events.EventField.detailType,
    body: events.EventField.fromPath('$.detail'),
  });
  rule.addTarget({ bind: () => ({ arn: queue.queueArn, input }) });
  acknowledge(rule, 'Serverless-EventBusDLQ', 'The poll counts what an event that is lost would have told.');
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'EventsOfTheRule',
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
    }),
  );
}
