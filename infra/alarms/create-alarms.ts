/** Makes all alarms of the stack and the topic that they tell. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Annotations, Aws, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type AlarmPlan, createAlarm, isPromql } from './alarm-plan.ts';
import { checkReach } from './reach.ts';
import type { MadeAlarm } from './made-alarm.ts';
import { muteAlarms } from './notify/mute-alarms.ts';
import { acknowledgeMail, notifyPeople } from './notify/notify-people.ts';
import { planCollectorAlarms, type Watched } from './collector-alarms.ts';
import { collectorDown } from './collector-down.ts';
import type { AlarmPlans } from './count-alarms.ts';
import { type CompositePlan, createCompositeAlarm } from './composite-alarm.ts';
import { planVisitAlarms } from './visit-alarms.ts';
import { planPipelineAlarms } from './pipeline-alarms.ts';
import type { Prepared } from '../prepared.ts';
import { planQueueAlarms } from './queue-alarms.ts';
import { refuseGap } from '../region-gaps.ts';
import { allowService } from '../access/service-keys.ts';
import { type CollectorSettings, resolveKey, chooseScheduleRate } from '../settings.ts';
import { planTektonAlarms } from './tekton-alarms.ts';
import { planWorkflowAlarms } from './workflow-alarms.ts';

export interface CollectorAlarms {
  readonly topic: sns.ITopic;
  readonly alarms: readonly cloudwatch.AlarmBase[];
  /** What they are made from, as they are charged. */
  readonly plans: AlarmPlans;
}

export interface AlarmOptions {
  readonly prepared: Prepared;
  readonly watched: Watched;
  readonly settings: CollectorSettings;
  readonly logGroup: logs.ILogGroup;
  /** The customer's key of every queue. */
  readonly queueKey: kms.IKey | undefined;
  /** Emulators refuse alarms on expressions and composite alarms: parts tell the topic themselves. */
  readonly isEmulated: boolean;
}

/** Every alarm of the collector and of the queues that it watches, with one topic for all. */
export function createAlarms(
  scope: Construct,
  { prepared, watched, settings, logGroup, queueKey, isEmulated }: AlarmOptions,
): CollectorAlarms {
  const topicKey = resolveKey(scope, 'TopicKey', settings.topicKey, prepared.config.deployment.topicKeyArn);
  const topic = resolveTopic(scope, prepared, settings, topicKey);
  const places = { logGroupName: logGroup.logGroupName, queueKey, period: chooseScheduleRate(prepared.config) };
  const { region } = Stack.of(scope);
  checkReach(prepared, region);
  const queues = planQueueAlarms(prepared, region);
  const all = [
    ...queues.flatMap(({ children }) => children),
    ...planPipelineAlarms(prepared, region),
    ...planWorkflowAlarms(prepared, region),
    ...planTektonAlarms(prepared, region),
    ...planVisitAlarms(prepared, region),
    ...planCollectorAlarms(prepared, watched),
  ];
  const plans = all.filter(({ metric }) => !isEmulated || metric instanceof cloudwatch.Metric);
  if (plans.some(({ metric }) => isPromql(metric))) explainPromql(scope);
  for (const { name, cut } of plans)
    if (cut !== undefined) Annotations.of(scope).addWarningV2(`ci-metrics:window:${name}`, `alarm ${name} ${cut}`);
  const composites = isEmulated ? [] : [...queues.map(({ composite }) => composite), collectorDown];
  const made = createAllAlarms(new Construct(scope, 'Alarms'), { prepared, plans, composites, topic });
  // Emulators have neither API destinations nor rules that mute.
  if (!isEmulated) {
    const undelivered = notifyPeople(scope, { prepared, settings, alarms: made, topic, topicKey, ...places });
    if (undelivered !== undefined) {
      made.push(notifyTopic(topic, undelivered, createAlarm(scope, prepared.config, undelivered)));
      plans.push(undelivered);
    }
    muteAlarms(scope, prepared.config.alarms.mute, made);
  }
  return { topic, alarms: made.map(({ alarm }) => alarm), plans: { plans, composites } };
}

/** Tells at synthesis that the alarms are in PromQL, and that the dashboard has no graphs of CI. */
function explainPromql(scope: Construct): void {
  refuseGap(scope, 'promql');
  Annotations.of(scope).addInfoV2(
    'ci-metrics:promql',
    'no sink "cloudwatch": alarms on queues and runs are in PromQL, and the dashboard has no graphs of them, because its graphs cannot read what is stored by OTLP; see docs/deploying.md, "CloudWatch by OTLP"',
  );
}

interface Planned {
  readonly prepared: Prepared;
  readonly plans: readonly AlarmPlan[];
  readonly composites: readonly CompositePlan[];
  readonly topic: sns.ITopic;
}

/** Metric alarms first: the rules of the others name them. */
function createAllAlarms(parent: Construct, { prepared, plans, composites, topic }: Planned): MadeAlarm[] {
  const parts = plans.map((plan): MadeAlarm => {
    const alarm = createAlarm(parent, prepared.config, plan);
    const isToldByComposite = plan.isChild === true && composites.length > 0;
    return isToldByComposite ? { ...describeMade(plan, alarm), isTold: false } : notifyTopic(topic, plan, alarm);
  });
  const byName = new Map(parts.map(({ name, alarm }) => [name, alarm]));
  const wholes = composites.map((plan) =>
    notifyTopic(topic, plan, createCompositeAlarm(parent, prepared.config, plan, byName)),
  );
  return [...parts, ...wholes];
}

/** Lets the alarm tell the topic when it goes off and when it is over. */
function notifyTopic(topic: sns.ITopic, plan: AlarmPlan | CompositePlan, alarm: cloudwatch.AlarmBase): MadeAlarm {
  const action = new SnsAction(topic);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return { ...describeMade(plan, alarm), isTold: true };
}

function describeMade(plan: AlarmPlan | CompositePlan, alarm: cloudwatch.AlarmBase): Omit<MadeAlarm, 'isTold'> {
  return { name: plan.name, alarm, hasContributors: 'contributors' in plan, parts: 'parts' in plan ? plan.parts : [] };
}

function resolveTopic(
  scope: Construct,
  { config: { alarms } }: Prepared,
  settings: CollectorSettings,
  key: kms.IKey | undefined,
): sns.ITopic {
  const topic = settings.alarmTopic ?? importTopic(scope, alarms.topicArn) ?? createTopic(scope, key);
  for (const email of alarms.emails) acknowledgeMail(topic.addSubscription(new EmailSubscription(email)));
  return topic;
}

function importTopic(scope: Construct, arn: string | undefined): sns.ITopic | undefined {
  return arn === undefined ? undefined : sns.Topic.fromTopicArn(scope, 'AlarmTopic', arn);
}

/** A policy of one's own replaces the one that lets the account's alarms publish, so this right is given anew. */
function createTopic(scope: Construct, masterKey: kms.IKey | undefined): sns.Topic {
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
