/** Makes what brings messages to a channel of Slack or Microsoft Teams, by Amazon Q Developer in chat applications. */
import * as chatbot from 'aws-cdk-lib/aws-chatbot';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Receiver } from '../../../lambda/config/notify.ts';
import { acknowledge, acknowledgeAnyResource } from '../../acknowledge.ts';
import { refuseGap } from '../../region-gaps.ts';
import type { ReceiverOptions } from './api-receiver.ts';
import { listTopics } from './choose-receivers.ts';
import { createMessageRules, pickField } from './message-rules.ts';
import { buildRetries } from './retries.ts';

export type ChatReceiver = Extract<Receiver, { kind: 'slack' | 'teams' }>;

/** Of the topics of the stack; undefined: none. */
export interface ChatOptions extends ReceiverOptions {
  readonly topicKey: kms.IKey | undefined;
}

/** @returns the rules, whose dead letters the queue has to take. */
export function createChatReceiver(
  scope: Construct,
  receiver: ChatReceiver,
  { collector, placed, chosen, undelivered, topicKey }: ChatOptions,
): readonly events.Rule[] {
  refuseGap(scope, 'chat');
  explainAuthorisation(scope, receiver, placed.path);
  const topic = new sns.Topic(scope, 'Topic', {
    displayName: `CI metrics alarms for ${placed.name}`,
    enforceSSL: true,
    ...(topicKey === undefined ? {} : { masterKey: topicKey }),
  });
  connectChannel(scope, receiver, `${collector.replaceAll('.', '-')}-${placed.name}`, topic);
  const rules = createMessageRules(
    scope,
    {
      id: 'Rule',
      description: `Tells the channel "${placed.name}" of alarms of the CI metrics collector.`,
      collector,
      topics: listTopics(chosen),
      states: ['ALARM', 'OK'],
      where: { isQuiet: [false], isNamedInParts: [false] },
      target: { arn: topic.topicArn, input: events.RuleTargetInput.fromObject(buildCard(receiver)) },
    },
    buildRetries(undelivered),
  );
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'MessagesOfTheRules',
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
    }),
  );
  return rules;
}

/** Amazon Q Developer in chat applications administrator guide, "Custom notifications": the schema of 1.0. */
function buildCard({ severity }: ChatReceiver): Readonly<Record<string, unknown>> {
  return {
    version: '1.0',
    source: 'custom',
    id: pickField('alias'),
    content: {
      textType: 'client-markdown',
      title: pickField('title'),
      description: pickField('text'),
      keywords: [severity, pickField('subject.alarmKind')],
    },
    metadata: {
      // One thread a queue, where the channel has threads on.
      threadId: pickField('alias'),
      summary: pickField('title'),
      eventType: pickField('state'),
      relatedResources: [pickField('alarm')],
      additionalContext: { severity, source: pickField('subject.source'), queue: pickField('subject.queue') },
    },
  };
}

function connectChannel(scope: Construct, receiver: ChatReceiver, name: string, topic: sns.Topic): void {
  const guardrail = createGuardrail(scope);
  const role = new iam.Role(scope, 'Role', {
    description: 'What people may ask of AWS in the channel: how alarms and metrics stand.',
    assumedBy: new iam.ServicePrincipal('chatbot.amazonaws.com'),
    managedPolicies: [guardrail],
  });
  if (receiver.kind === 'slack') {
    new chatbot.SlackChannelConfiguration(scope, 'Channel', {
      slackChannelConfigurationName: name,
      slackWorkspaceId: receiver.workspace,
      slackChannelId: receiver.channel,
      notificationTopics: [topic],
      role,
      guardrailPolicies: [guardrail],
    });
    return;
  }
  new chatbot.CfnMicrosoftTeamsChannelConfiguration(scope, 'Channel', {
    configurationName: name,
    teamId: receiver.team,
    teamsTenantId: receiver.tenant,
    teamsChannelId: receiver.channel,
    iamRoleArn: role.roleArn,
    snsTopicArns: [topic.topicArn],
    guardrailPolicies: [guardrail.managedPolicyArn],
  });
}

/** Without one, the guardrail is AdministratorAccess. Messages need no right; these let people see graphs of an alarm. */
function createGuardrail(scope: Construct): iam.ManagedPolicy {
  const guardrail = new iam.ManagedPolicy(scope, 'Guardrail', {
    description: 'The most that a channel with alarms of the CI metrics collector may read.',
    statements: [
      new iam.PolicyStatement({
        sid: 'ReadAlarmsAndMetrics',
        actions: [
          'cloudwatch:DescribeAlarms',
          'cloudwatch:GetMetricData',
          'cloudwatch:GetMetricStatistics',
          'cloudwatch:ListMetrics',
        ],
        resources: ['*'],
      }),
    ],
  });
  acknowledgeAnyResource(guardrail, ['Metrics have no resource, and alarms are described all or none.']);
  acknowledge(guardrail, 'AwsSolutions-IAM5[Resource::*]', 'Metrics have no resource, and all of it only reads.');
  return guardrail;
}

const clients = {
  slack: {
    what: 'the workspace',
    how: 'choose "Configure new client", Slack, and allow it; for a private channel write "/invite @Amazon Q" in it',
  },
  teams: {
    what: 'the team',
    how: 'choose "Configure new client", Microsoft Teams, paste the link of the channel and allow it; the app "Amazon Q Developer" has to be in the team',
  },
} as const;

/** Nothing in CloudFormation can do it, and whether it is done nobody can see at the synthesis. */
function explainAuthorisation(scope: Construct, { kind }: ChatReceiver, path: string): void {
  const { what, how } = clients[kind];
  Annotations.of(scope).addInfoV2(
    `ci-metrics:${kind}`,
    `${path}: before the first deployment, authorise ${what} by hand, once for the account, or the deployment fails: open https://console.aws.amazon.com/chatbot/, ${how}`,
  );
}
