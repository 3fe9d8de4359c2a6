import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Aws, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { createAlarm } from './alarm-plan.ts';
import { createAlarmWebhook } from './alarm-webhook.ts';
import { collectorPlans, type Watched } from './collector-alarms.ts';
import { crawlPlans } from './crawl-alarms.ts';
import { pipelinePlans } from './pipeline-alarms.ts';
import type { Prepared } from './prepared.ts';
import { queuePlans } from './queue-alarms.ts';
import { allowService } from './service-keys.ts';
import { type CollectorSettings, keyOf } from './settings.ts';
import { tektonPlans } from './tekton-alarms.ts';
import { workflowPlans } from './workflow-alarms.ts';

export interface CollectorAlarms {
  readonly topic: sns.ITopic;
  readonly alarms: readonly cloudwatch.Alarm[];
}

export interface AlarmOptions {
  readonly prepared: Prepared;
  readonly watched: Watched;
  readonly settings: CollectorSettings;
  /** Emulators refuse alarms on expressions. */
  readonly isEmulated: boolean;
}

/** Every alarm of the collector and of the queues that it watches, with one topic for all. */
export function createAlarms(
  scope: Construct,
  { prepared, watched, settings, isEmulated }: AlarmOptions,
): CollectorAlarms {
  const { collector } = prepared.config;
  const topic = topicOf(scope, prepared, settings);
  const { region } = Stack.of(scope);
  const all = [
    ...queuePlans(prepared, region),
    ...pipelinePlans(prepared, region),
    ...workflowPlans(prepared, region),
    ...tektonPlans(prepared, region),
    ...crawlPlans(prepared, region),
    ...collectorPlans(prepared, watched),
  ];
  const plans = all.filter(({ metric }) => !isEmulated || metric instanceof cloudwatch.Metric);
  const parent = new Construct(scope, 'Alarms');
  const alarms = new Map(plans.map((plan) => [plan.name, createAlarm(parent, collector, plan, topic)]));
  const { webhook } = prepared.config.alarms;
  // Emulators have no API destinations.
  if (webhook !== undefined && !isEmulated) {
    createAlarmWebhook(scope, { webhook, alarms, deadLetterQueue: watched.deadLetterQueue });
  }
  return { topic, alarms: [...alarms.values()] };
}

function topicOf(scope: Construct, prepared: Prepared, settings: CollectorSettings): sns.ITopic {
  const { alarms } = prepared.config;
  const topic = settings.alarmTopic ?? importedTopic(scope, alarms.topicArn) ?? createTopic(scope, prepared, settings);
  for (const email of alarms.emails) {
    const subscription = topic.addSubscription(new EmailSubscription(email));
    acknowledge(
      subscription,
      'Serverless-SNSRedrivePolicy',
      'A lost e-mail cannot be sent again from a queue; the state of the alarm stays in CloudWatch.',
    );
  }
  return topic;
}

function importedTopic(scope: Construct, arn: string | undefined): sns.ITopic | undefined {
  return arn === undefined ? undefined : sns.Topic.fromTopicArn(scope, 'AlarmTopic', arn);
}

/** A policy of one's own replaces the one that lets the account's alarms publish, so this right is given anew. */
function createTopic(scope: Construct, { config }: Prepared, settings: CollectorSettings): sns.Topic {
  const masterKey = keyOf(scope, 'TopicKey', settings.topicKey, config.deployment.topicKeyArn);
  allowService(masterKey, 'cloudwatch.amazonaws.com', { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } });
  const topic = new sns.Topic(scope, 'AlarmTopic', {
    displayName: 'CI metrics alarms',
    enforceSSL: true,
    ...(masterKey === undefined ? {} : { masterKey }),
  });
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'AlarmsOfThisAccount',
      principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
  return topic;
}
