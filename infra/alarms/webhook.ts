/** Posts the changes of alarms to an HTTP receiver. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Aws, Duration, SecretValue } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigError } from '../../lambda/config/config-error.ts';
import type { AlarmWebhook } from '../../lambda/config/deployment.ts';
import { matchSelection } from '../../lambda/settings/glob.ts';
import { refuseGap } from '../region-gaps.ts';
import { formatAlarmName, type AlarmPlan } from './alarm-plan.ts';
import { atOnce } from './windows.ts';

/** An alarm of the stack, as a receiver may be told of it. */
export interface MadeAlarm {
  /** The last part of its name. */
  readonly name: string;
  readonly alarm: cloudwatch.AlarmBase;
  /** Whether it tells the topic; a part of a composite alarm does not. */
  readonly isTold: boolean;
  /** Whether it has a state for each queue or workflow. */
  readonly hasContributors: boolean;
}

export interface AlarmWebhookOptions {
  /** Name of the collector, which the alarms' names begin with. */
  readonly collector: string;
  readonly webhook: AlarmWebhook;
  readonly alarms: readonly MadeAlarm[];
  /** Of the alarm on messages that could not be delivered. */
  readonly period: Duration;
  /** Takes what could not be delivered. */
  readonly deadLetterQueue: sqs.IQueue;
}

/** Older messages are not delivered: a receiver that cleans up an hour late would cancel runs that are well by then. */
const mostLate = Duration.minutes(15);

/** More than EventBridge makes in these minutes, with its backoff. */
const mostAttempts = 10;

/**
 * Posts every change of the chosen alarms to an HTTP receiver, such as a Tekton EventListener that cancels stuck runs;
 * of an alarm over all queues also every change of a queue. Returns the alarm on what could not be delivered.
 * @throws ConfigError when no alarm is chosen.
 */
export function createAlarmWebhook(scope: Construct, options: AlarmWebhookOptions): AlarmPlan {
  const { webhook, deadLetterQueue } = options;
  const { whole, inParts } = chooseAlarms(options.alarms, webhook);
  const parent = new Construct(scope, 'AlarmWebhook');
  refuseGap(parent, 'api-destination');
  const destination = createDestination(parent, webhook);
  const role = createRole(parent, destination);
  const addRules = (id: string, message: Message, some: readonly MadeAlarm[]): readonly events.Rule[] => {
    const rules = divideIntoPatterns(options.collector, some).map((part, index) => {
      const rule = new events.Rule(parent, index === 0 ? id : `${id}${String(index + 1)}`, {
        description: message.description,
        eventPattern: {
          source: ['aws.cloudwatch'],
          detailType: [message.detailType],
          resources: part.map(({ alarm }) => alarm.alarmArn),
        },
      });
      rule.addTarget({ bind: () => buildTarget(destination, role, message, deadLetterQueue) });
      return rule;
    });
    if (rules.length > 0) allowDeadLetters(deadLetterQueue, rules, message);
    return rules;
  };
  const rules = [...addRules('Rule', ofAlarm, whole), ...addRules('ContributorRule', ofContributor, inParts)];
  return planUndelivered(rules, options.period);
}

interface ChosenAlarms {
  /** Told when they change as a whole. */
  readonly whole: readonly MadeAlarm[];
  /** Told when one queue or workflow in them changes. */
  readonly inParts: readonly MadeAlarm[];
}

/**
 * The alarms that tell people, so that one cause is one message as it is one mail; or those that `include` names, parts
 * of composite alarms as well. Each queue is told besides, which no mail does.
 */
function chooseAlarms(alarms: readonly MadeAlarm[], { alarms: selection = {} }: AlarmWebhook): ChosenAlarms {
  const isChosen = matchSelection(selection);
  const chosen = alarms.filter(({ name }) => isChosen(name));
  const whole = chosen.filter(({ isTold }) => isTold || selection.include !== undefined);
  const inParts = chosen.filter(({ hasContributors }) => hasContributors);
  if (whole.length + inParts.length > 0) return { whole, inParts };
  const message = `chooses no alarm of this stack; there are: ${alarms.map(({ name }) => name).join(', ')}`;
  throw new ConfigError('the configuration', [{ path: 'alarms.webhook.alarms', message }]);
}

/** EventBridge quotas: characters of an event pattern, and what is in it beside the ARNs of the alarms. */
const mostPattern = 2048;
const ofPattern = 150;

/** `"arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:",` around the name of an alarm, in the longest case. */
const ofArn = 70;

/** Alarms in so many rules as their names need. */
function divideIntoPatterns(collector: string, told: readonly MadeAlarm[]): readonly (readonly MadeAlarm[])[] {
  const patterns: MadeAlarm[][] = [];
  let left = 0;
  for (const one of told) {
    const length = ofArn + JSON.stringify(formatAlarmName(collector, one.name)).length;
    if (length > left) {
      patterns.push([]);
      left = mostPattern - ofPattern;
    }
    patterns.at(-1)?.push(one);
    left -= length;
  }
  return patterns;
}

/** One undelivered message raises it, because EventBridge has already tried for 15 minutes. */
function planUndelivered(rules: readonly events.Rule[], period: Duration): AlarmPlan {
  const metrics = rules.map(
    ({ ruleName }) =>
      new cloudwatch.Metric({
        namespace: 'AWS/Events',
        metricName: 'InvocationsSentToDlq',
        dimensionsMap: { RuleName: ruleName },
        statistic: 'Sum',
        period,
      }),
  );
  const byId = Object.fromEntries(metrics.map((metric, index) => [`rule${String(index)}`, metric]));
  return {
    name: 'alarm-webhook-undelivered',
    description:
      'The receiver of alarms did not take a message in 15 minutes; the message lies in the dead-letter queue with the reason. Look whether the receiver is up, and whether it still accepts the token.',
    metric: new cloudwatch.MathExpression({
      expression: Object.keys(byId)
        .map((id) => `FILL(${id}, 0)`)
        .join(' + '),
      usingMetrics: byId,
      label: 'Messages that were not delivered',
      period,
    }),
    when: 'at-least',
    threshold: 1,
    window: atOnce,
    silence: 'fine',
  };
}

function createRole(scope: Construct, { apiDestinationArn: arn }: events.ApiDestination): iam.Role {
  return new iam.Role(scope, 'Role', {
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
}

function buildTarget(
  { apiDestinationArn: arn }: events.ApiDestination,
  role: iam.IRole,
  { payload: input }: Message,
  deadLetterQueue: sqs.IQueue,
): events.RuleTargetConfig {
  return {
    arn,
    role,
    input,
    deadLetterConfig: { arn: deadLetterQueue.queueArn },
    retryPolicy: { maximumEventAgeInSeconds: mostLate.toSeconds(), maximumRetryAttempts: mostAttempts },
  };
}

function allowDeadLetters(queue: sqs.IQueue, rules: readonly events.Rule[], { statementId }: Message): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: statementId,
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: {
        ArnEquals: { 'aws:SourceArn': rules.length === 1 ? rules[0]?.ruleArn : rules.map(({ ruleArn }) => ruleArn) },
      },
    }),
  );
}

/** One kind of event and what the receiver gets of it. */
interface Message {
  readonly description: string;
  readonly detailType: string;
  readonly statementId: string;
  readonly payload: events.RuleTargetInput;
}

/** Flat, so that a TriggerBinding or any other receiver needs no deep paths. Fields of the event: CloudWatch user guide, "Alarm events and EventBridge". */
const named = {
  alarm: events.EventField.fromPath('$.detail.alarmName'),
  state: events.EventField.fromPath('$.detail.state.value'),
};

const since = {
  reason: events.EventField.fromPath('$.detail.state.reason'),
  changedAt: events.EventField.fromPath('$.detail.state.timestamp'),
  region: events.EventField.fromPath('$.region'),
  account: events.EventField.fromPath('$.account'),
};

const ofAlarm: Message = {
  description: 'Tells a receiver of alarms of the CI metrics collector.',
  detailType: 'CloudWatch Alarm State Change',
  statementId: 'UndeliveredAlarms',
  payload: events.RuleTargetInput.fromObject({
    ...named,
    previousState: events.EventField.fromPath('$.detail.previousState.value'),
    ...since,
  }),
};

/** The event has no state before, and the values of the query's groups: `{"Source": …, "Scope": …, "Queue": …}`. */
const ofContributor: Message = {
  description: 'Tells a receiver which queue is behind an alarm of the CI metrics collector.',
  detailType: 'CloudWatch Alarm Contributor State Change',
  statementId: 'UndeliveredContributors',
  payload: events.RuleTargetInput.fromObject({
    ...named,
    ...since,
    contributor: events.EventField.fromPath('$.detail.alarmContributor.attributes'),
  }),
};

function createDestination(scope: Construct, { url, header, token }: AlarmWebhook): events.ApiDestination {
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
