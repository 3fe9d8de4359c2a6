/** Makes the function of the collector with its role, its log and its dead-letter queue. */
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Deployment } from '../../lambda/config/deployment.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { acknowledge, formatWildcardRule } from '../acknowledge.ts';
import { bundleFunctionCode } from '../bundle/bundle-function.ts';
import type { Emulation } from '../emulation.ts';
import { createLogGroup } from './log-group.ts';
import { buildNodeEnvironment } from './node-environment.ts';
import { allowSending, chooseQueueEncryption } from '../access/queue-encryption.ts';
import { allowService } from '../access/service-keys.ts';
import {
  type CollectorSettings,
  chooseEnvironmentEncryption,
  type FunctionNetwork,
  resolveKey,
  resolveNetwork,
  openApiServers,
  chooseScheduleRate,
  chooseTimeout,
} from '../settings.ts';

export interface CollectorFunction {
  readonly fn: lambda.Function;
  readonly role: iam.Role;
  readonly logGroup: logs.ILogGroup;
  /** Runs that could not be started or that failed, from the schedule and from Lambda alike. */
  readonly deadLetterQueue: sqs.Queue;
  /** The customer's key of this and of every other queue. */
  readonly queueKey: kms.IKey | undefined;
}

/** The function with its role, its log and the queue for runs that failed. */
export function createFunction(
  scope: Construct,
  config: CollectorConfig,
  settings: CollectorSettings,
  emulation: Emulation | undefined,
): CollectorFunction {
  const { deployment } = config;
  const logGroup = createLogGroup(scope, 'Log', config, settings);
  const queueKey = resolveQueueKey(scope, deployment, settings);
  const deadLetterQueue = createDeadLetterQueue(scope, queueKey);
  const network = resolveNetwork(scope, deployment, settings);
  const role = createRole(scope, logGroup);
  allowFailures(role, deadLetterQueue, queueKey);
  if (network !== undefined) allowNetworkInterfaces(role, network);
  const memorySize = settings.memorySize ?? deployment.memoryMegabytes;
  const reserved = settings.reservedConcurrentExecutions ?? deployment.reservedConcurrency;

  const fn = new lambda.Function(scope, 'Function', {
    description: 'Reads CI systems and publishes their queues, workers and runs as metrics.',
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: 'index.handler',
    code: settings.code ?? bundleFunctionCode(config),
    role,
    memorySize,
    timeout: chooseTimeout(config, settings),
    environment: { ...buildNodeEnvironment(memorySize), ...emulation?.environment },
    ...chooseLogging(config, logGroup),
    tracing: deployment.tracing === 'active' ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
    // The next tick is the retry: a second attempt would only publish an old minute once more.
    retryAttempts: 0,
    maxEventAge: chooseScheduleRate(config),
    onFailure: { bind: () => ({ destination: deadLetterQueue.queueArn }) },
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    ...chooseEnvironmentEncryption(scope, 'EnvironmentKey', deployment, settings),
    ...network,
  });
  if (network !== undefined) openApiServers(fn, deployment);
  acknowledgeFunction(fn, deployment.tracing);
  return { fn, role, logGroup, deadLetterQueue, queueKey };
}

function chooseLogging({ logLevel }: CollectorConfig, logGroup: logs.ILogGroup): Partial<lambda.FunctionProps> {
  return {
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    // The function's own logger holds the level. Lambda would also drop the embedded metrics, which have no level and
    // count as INFO.
    applicationLogLevelV2: logLevel === 'debug' ? lambda.ApplicationLogLevel.DEBUG : lambda.ApplicationLogLevel.INFO,
    systemLogLevelV2: lambda.SystemLogLevel.WARN,
  };
}

function resolveQueueKey(
  scope: Construct,
  { queueKeyArn }: Deployment,
  settings: CollectorSettings,
): kms.IKey | undefined {
  const key = resolveKey(scope, 'QueueKey', settings.queueKey, queueKeyArn);
  // Rules hand over events, and what could not be handed over.
  allowService(key, 'events.amazonaws.com');
  return key;
}

function createDeadLetterQueue(scope: Construct, key: kms.IKey | undefined): sqs.Queue {
  const queue = new sqs.Queue(scope, 'DeadLetters', {
    enforceSSL: true,
    ...chooseQueueEncryption(key),
    // Messages are for reading, never for replay; three days last over a weekend.
    retentionPeriod: Duration.days(3),
  });
  acknowledge(queue, 'AwsSolutions-SQS3', 'This queue is the dead-letter queue.');
  acknowledge(queue, 'Serverless-SQSRedrivePolicy', 'This queue is the dead-letter queue.');
  return queue;
}

/** Lambda hands over failed runs with the function's own role, which needs no more than this (Lambda developer guide, "Adding a destination"). */
function allowFailures(role: iam.Role, queue: sqs.Queue, key: kms.IKey | undefined): void {
  const actions = ['sqs:SendMessage'];
  role.addToPolicy(new iam.PolicyStatement({ sid: 'HandOverFailures', actions, resources: [queue.queueArn] }));
  allowSending(role, key);
}

/** Writes its own log and nothing else; AWS's managed policy would allow every log of the account. */
function createRole(scope: Construct, logGroup: logs.ILogGroup): iam.Role {
  const role = new iam.Role(scope, 'Role', {
    description: 'What the CI metrics collector may do.',
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  logGroup.grantWrite(role);
  return role;
}

/**
 * What Lambda needs to connect a function to a VPC (Lambda developer guide, "Giving Lambda functions access to
 * resources in a VPC"): descriptions have no resource-level rights, and deletion must cover all resource ids.
 */
function allowNetworkInterfaces(role: iam.Role, { vpc, vpcSubnets, securityGroups = [] }: FunctionNetwork): void {
  const anyInterface = Stack.of(role).formatArn({ service: 'ec2', resource: '*', resourceName: '*' });
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'NetworkInterfaces',
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: [anyInterface],
    }),
  );
  // A subnet or group that another account shares has that account in its ARN.
  const shared = [
    ...vpc.selectSubnets(vpcSubnets).subnetIds.map((id) => formatAnyAccountArn(role, 'subnet', id)),
    ...securityGroups.map(({ securityGroupId: id }) => formatAnyAccountArn(role, 'security-group', id)),
  ];
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'SharedNetwork',
      actions: ['ec2:CreateNetworkInterface'],
      resources: shared,
    }),
  );
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'DescribeNetwork',
      actions: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'],
      resources: ['*'],
    }),
  );
  acknowledge(role, formatWildcardRule(role, anyInterface), 'Lambda takes network interfaces by no narrower right.');
  for (const arn of shared)
    acknowledge(role, formatWildcardRule(role, arn), 'The account that shares it is not known here.');
}

function formatAnyAccountArn(role: iam.Role, resource: string, id: string): string {
  return Stack.of(role).formatArn({ service: 'ec2', account: '*', resource, resourceName: id });
}

function acknowledgeFunction(fn: lambda.Function, tracing: 'off' | 'active'): void {
  acknowledge(
    fn,
    'Serverless-LambdaDLQ',
    'Failed runs go to the on-failure destination, which also holds the error; a dead-letter target would hold each twice.',
  );
  if (tracing === 'active') return;
  const reason = 'One segment a run says less than the report line; deployment.tracing turns it on.';
  acknowledge(fn, 'Serverless-LambdaTracing', reason);
}
