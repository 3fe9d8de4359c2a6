/** Tells everybody whom the configuration names of the alarms that they chose. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigError } from '../../../lambda/config/config-error.ts';
import type { Receiver } from '../../../lambda/config/notify.ts';
import { acknowledge } from '../../acknowledge.ts';
import { allowSending, chooseQueueEncryption } from '../../access/queue-encryption.ts';
import { type AlarmPlan, formatAlarmName } from '../alarm-plan.ts';
import { atOnce } from '../windows.ts';
import { createApiReceiver } from './api-receiver.ts';
import { type ChatOptions, createChatReceiver } from './chat-receiver.ts';
import { chooseAlarms, type ChosenAlarms, listReceivers, type PlacedReceiver } from './choose-receivers.ts';
import { callOnChange, createMessenger, type MessengerOptions } from './messenger.ts';

export interface NotifyOptions extends Omit<MessengerOptions, 'undelivered'> {
  /** What every alarm tells; mail comes from it. */
  readonly topic: sns.ITopic;
  readonly topicKey: kms.IKey | undefined;
  readonly queueKey: kms.IKey | undefined;
  /** Of the alarm on messages that could not be delivered. */
  readonly period: Duration;
}

/** @returns the alarm on messages that nobody took, where there are receivers other than mail. */
export function notifyPeople(scope: Construct, options: NotifyOptions): AlarmPlan | undefined {
  const { prepared, alarms, topic } = options;
  const { collector, alarms: settings } = prepared.config;
  const chosen = listReceivers(settings).map((placed) => ({
    placed,
    chosen: chooseAlarms(alarms, placed.receiver.alarms, placed.path),
  }));
  for (const one of chosen) {
    const { receiver } = one.placed;
    if (receiver.kind === 'email') subscribeMail(topic, collector, one, receiver);
  }
  const posted = chosen.filter(({ placed }) => placed.receiver.kind !== 'email');
  return posted.length === 0 ? undefined : postMessages(new Construct(scope, 'Notify'), posted, options);
}

interface Chosen {
  readonly placed: PlacedReceiver;
  readonly chosen: ChosenAlarms;
}

/** Everything that goes by the bus, with one queue for what nobody took. */
function postMessages(scope: Construct, posted: readonly Chosen[], options: NotifyOptions): AlarmPlan {
  const undelivered = createUndeliveredQueue(scope, options.queueKey);
  const fn = createMessenger(scope, { ...options, undelivered });
  if (fn.role !== undefined) allowSending(fn.role, options.queueKey);
  for (const alarm of listUntold(posted)) callOnChange(alarm, fn);
  const { collector } = options.prepared.config;
  const rules = posted.flatMap(({ placed, chosen }) => {
    const parent = new Construct(scope, placed.name);
    return createReceiver(parent, { collector, placed, chosen, undelivered, topicKey: options.topicKey });
  });
  takeDeadLetters(undelivered, [...findSourceRules(scope), ...rules]);
  return planUndelivered(undelivered, options.period);
}

function createReceiver(scope: Construct, options: ChatOptions): readonly events.Rule[] {
  const { receiver } = options.placed;
  switch (receiver.kind) {
    case 'email':
      return [];
    case 'slack':
    case 'teams':
      return createChatReceiver(scope, receiver, options);
    case 'webhook':
    case 'pagerduty':
    case 'opsgenie':
    case 'jira-service-management':
      return createApiReceiver(scope, receiver, options);
  }
}

/** Parts of composite alarms that somebody has chosen: they tell no topic, and call the function for this alone. */
function listUntold(posted: readonly Chosen[]): ReadonlySet<cloudwatch.AlarmBase> {
  const parts = posted.flatMap(({ chosen }) => chosen.whole).filter(({ isTold }) => !isTold);
  return new Set(parts.map(({ alarm }) => alarm));
}

function findSourceRules(scope: Construct): readonly events.Rule[] {
  return scope.node.children.filter((child) => child instanceof events.Rule);
}

function createUndeliveredQueue(scope: Construct, key: kms.IKey | undefined): sqs.Queue {
  const queue = new sqs.Queue(scope, 'Undelivered', {
    enforceSSL: true,
    ...chooseQueueEncryption(key),
    // As the dead letters of the collector: for reading, over a weekend.
    retentionPeriod: Duration.days(3),
  });
  acknowledge(queue, 'AwsSolutions-SQS3', 'This queue is a dead-letter queue.');
  acknowledge(queue, 'Serverless-SQSRedrivePolicy', 'This queue is a dead-letter queue.');
  return queue;
}

function takeDeadLetters(queue: sqs.IQueue, rules: readonly events.Rule[]): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'UndeliveredMessages',
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
    }),
  );
}

/** One undelivered message raises it, because EventBridge has already tried for 15 minutes. It tells the topic alone. */
function planUndelivered(queue: sqs.IQueue, period: Duration): AlarmPlan {
  return {
    name: 'alarms-undelivered',
    description:
      'A receiver of alarms did not take a message in 15 minutes, or the function that makes the messages failed; the message lies in the queue of undelivered messages with the reason. Look whether the receiver is up, and whether it still accepts its secret.',
    metric: new cloudwatch.MathExpression({
      // Without zeros an alarm looks further back than its window for the messages that there are.
      expression: 'FILL(messages, 0)',
      usingMetrics: { messages: queue.metricNumberOfMessagesSent({ period, statistic: 'Sum' }) },
      label: 'Messages that were not delivered',
      period,
    }),
    when: 'at-least',
    threshold: 1,
    window: atOnce,
    silence: 'fine',
  };
}

/** SNS developer guide, "Subscription filter policies": values of one policy. */
const mostFilterValues = 150;

/** The mail of CloudWatch itself: it comes although nothing else of the stack works. */
function subscribeMail(
  topic: sns.ITopic,
  collector: string,
  { placed: { path }, chosen }: Chosen,
  { address, alarms }: Extract<Receiver, { kind: 'email' }>,
): void {
  const told = chosen.whole.filter(({ isTold }) => isTold);
  const [part] = chosen.whole.filter(({ isTold }) => !isTold);
  if (part !== undefined) {
    const message = `chooses ${part.name}, a part of an alarm that tells in its place, and no mail is sent of it; choose that alarm`;
    throw new ConfigError('the configuration', [{ path: `${path}.alarms`, message }]);
  }
  if (alarms !== undefined && told.length > mostFilterValues) {
    const message = `chooses ${String(told.length)} alarms, and SNS filters by ${String(mostFilterValues)}; leave it out, or spread them over several addresses`;
    throw new ConfigError('the configuration', [{ path: `${path}.alarms`, message }]);
  }
  const names = told.map(({ name }) => formatAlarmName(collector, name));
  const AlarmName = sns.FilterOrPolicy.filter(sns.SubscriptionFilter.stringFilter({ allowlist: names }));
  const filter = alarms === undefined ? {} : { filterPolicyWithMessageBody: { AlarmName } };
  acknowledgeMail(topic.addSubscription(new EmailSubscription(address, filter)));
}

export function acknowledgeMail(subscription: sns.Subscription): void {
  acknowledge(
    subscription,
    'Serverless-SNSRedrivePolicy',
    'A lost e-mail cannot be sent again from a queue; the state of the alarm stays in CloudWatch.',
  );
}
