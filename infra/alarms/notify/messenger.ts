/** Makes the function that turns changes of alarms into messages, and lets alarms and the bus call it. */
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Arn, ArnFormat, Aws, Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { messageSource } from '../../../lambda/alarms/message-event.ts';
import { acknowledge, acknowledgeAnyResource, formatWildcardRule } from '../../acknowledge.ts';
import { bundleMessengerCode } from '../../bundle/bundle-function.ts';
import { chooseConsoleDomain } from '../../console.ts';
import { formatDashboardName } from '../../dashboard/create-dashboard.ts';
import { createLogGroup } from '../../function/log-group.ts';
import type { Prepared } from '../../prepared.ts';
import { chooseEnvironmentEncryption, type CollectorSettings } from '../../settings.ts';
import type { MadeAlarm } from '../made-alarm.ts';
import { findCiPages } from './ci-pages.ts';
import { buildRetries, mostLate } from './retries.ts';

export interface MessengerOptions {
  readonly prepared: Prepared;
  readonly settings: CollectorSettings;
  readonly logGroupName: string;
  readonly alarms: readonly MadeAlarm[];
  /** Takes what could not be told. */
  readonly undelivered: sqs.IQueue;
}

const timeout = Duration.seconds(30);

/**
 * Alarms call it as their action, which CloudWatch holds back while they are muted or suppressed and catches up with
 * afterwards. The bus tells it of each queue, and of ends that are held back.
 */
export function createMessenger(scope: Construct, options: MessengerOptions): lambda.Function {
  const { prepared, settings, alarms, undelivered } = options;
  const { config } = prepared;
  const logGroup = createLogGroup(scope, 'MessengerLog', config, settings);
  const role = createRole(scope, options);
  logGroup.grantWrite(role);
  const fn = new lambda.Function(scope, 'Messenger', {
    description: 'Makes messages of alarms of the CI metrics collector.',
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: 'index.handler',
    code: settings.messengerCode ?? bundleMessengerCode(),
    role,
    // CPU comes with memory, and loading the AWS SDK is CPU.
    memorySize: 256,
    timeout,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environment: { NODE_OPTIONS: '--enable-source-maps', ALARM_MESSAGES: describeStack(scope, options) },
    maxEventAge: mostLate,
    onFailure: { bind: () => ({ destination: undelivered.queueArn }) },
    ...chooseEnvironmentEncryption(scope, 'MessengerEnvironmentKey', config.deployment, settings),
  });
  acknowledge(fn, 'Serverless-LambdaDLQ', 'What it cannot tell goes to the on-failure destination, with the error.');
  acknowledge(fn, 'Serverless-LambdaTracing', 'It has two or three calls, and its log tells of every change.');
  const anyAlarm = formatAlarmArn(scope, `${config.collector}/*`);
  // One statement for all alarms: a policy of a function holds 20 KB.
  fn.addPermission('Alarms', {
    principal: new iam.ServicePrincipal('lambda.alarms.cloudwatch.amazonaws.com'),
    sourceAccount: Aws.ACCOUNT_ID,
    sourceArn: anyAlarm,
  });
  for (const { alarm, isTold } of alarms) if (isTold) callOnChange(alarm, fn);
  createSourceRules(scope, fn, options);
  return fn;
}

/** Lets an alarm call the function when it goes off and when it is over. */
export function callOnChange(alarm: cloudwatch.AlarmBase, fn: lambda.IFunction): void {
  const action = { bind: () => ({ alarmActionArn: fn.functionArn }) };
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
}

function formatAlarmArn(scope: Construct, name: string): string {
  const parts = {
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  };
  return Arn.format(parts, Stack.of(scope));
}

function createRole(scope: Construct, { prepared, undelivered }: MessengerOptions): iam.Role {
  const anyAlarm = formatAlarmArn(scope, `${prepared.config.collector}/*`);
  const bus = Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
  const role = new iam.Role(scope, 'MessengerRole', {
    description: 'What the messenger of alarms may do.',
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  const allow = (sid: string, action: string, resource: string, conditions?: Record<string, unknown>): void => {
    role.addToPolicy(
      new iam.PolicyStatement({
        sid,
        actions: [action],
        resources: [resource],
        ...(conditions === undefined ? {} : { conditions }),
      }),
    );
  };
  // CloudWatch API reference, DescribeAlarms: composite alarms are returned only to those who may describe all.
  allow('ReadAlarms', 'cloudwatch:DescribeAlarms', '*');
  allow('ReadContributors', 'cloudwatch:DescribeAlarmContributors', anyAlarm);
  // A request has one source for each of its entries, so the key has several values: all must be ours.
  const isOurs = { 'ForAllValues:StringEquals': { 'events:source': messageSource } };
  allow('PutMessages', 'events:PutEvents', bus, isOurs);
  allow('HandOverFailures', 'sqs:SendMessage', undelivered.queueArn);
  acknowledgeAnyResource(role, ['CloudWatch describes composite alarms only to those who may describe all.']);
  acknowledge(role, formatWildcardRule(role, anyAlarm), 'The alarms of this collector, which begin with its name.');
  return role;
}

/** What the function cannot find out: it is not part of any event. */
function describeStack(scope: Construct, { prepared, logGroupName }: MessengerOptions): string {
  const stack = Stack.of(scope);
  const { collector, alarms, deployment } = prepared.config;
  return stack.toJsonString({
    collector,
    console: chooseConsoleDomain(stack),
    logGroup: logGroupName,
    dashboard: deployment.dashboard === 'create' ? formatDashboardName(scope, prepared.config) : '',
    runbook: alarms.runbookUrl ?? '',
    ciPages: JSON.stringify(findCiPages(prepared.config)),
  });
}

function createSourceRules(scope: Construct, fn: lambda.IFunction, { prepared, undelivered }: MessengerOptions): void {
  const resources = events.Match.prefix(formatAlarmArn(scope, `${prepared.config.collector}/`));
  const kinds = [
    { id: 'EachChanges', detailType: 'CloudWatch Alarm Contributor State Change', values: ['ALARM', 'OK'] },
    { id: 'AlarmEnds', detailType: 'CloudWatch Alarm State Change', values: ['OK', 'INSUFFICIENT_DATA'] },
  ];
  for (const { id, detailType, values } of kinds) {
    const rule = new events.Rule(scope, id, {
      description: 'Hands changes of alarms to the messenger of the CI metrics collector.',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: [detailType],
        resources,
        detail: { state: { value: values } },
      },
    });
    rule.addTarget({ bind: () => ({ arn: fn.functionArn, ...buildRetries(undelivered) }) });
    fn.addPermission(id, { principal: new iam.ServicePrincipal('events.amazonaws.com'), sourceArn: rule.ruleArn });
  }
}
