/** Tests of the ways in which events reach the collector: partner event buses, webhooks and their queues. */
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CiMetricsCollector } from '../../../infra/ci-metrics-collector.ts';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import { arn } from '../intrinsics.ts';
import { type AwsCall, functionStatements, isAllowed, rolePolicies, type Statement } from '../policies.ts';
import { foreignStack, inlineCode, synthesiseVariant } from '../synthesis.ts';

const busQueue = 'CollectorEventsQueuemainCDC31C3A';

describe('events of a partner bus', () => {
  const { template } = synthesiseVariant('everything');

  it('reach the queue of their source as an envelope of kind and content', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: 'aws.partner/buildkite.com/acme/1234abcd',
      EventPattern: { source: ['aws.partner/buildkite.com/acme/1234abcd'], 'detail-type': ['Job Finished'] },
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [busQueue, 'Arn'] },
          InputTransformer: {
            InputPathsMap: { 'detail-type': '$.detail-type', detail: '$.detail' },
            InputTemplate: '{"event":<detail-type>,"body":<detail>}',
          },
        },
      ],
    });
  });

  it('are let into the queue from their own rule, by TLS alone', () => {
    const rules = Object.keys(
      template.findResources('AWS::Events::Rule', {
        Properties: { EventBusName: 'aws.partner/buildkite.com/acme/1234abcd' },
      }),
    );

    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: busQueue }],
      PolicyDocument: {
        Statement: [
          { Effect: 'Deny', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
          {
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Principal: { Service: 'events.amazonaws.com' },
            Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rules[0], 'Arn'] } } },
          },
        ],
      },
    });
  });

  it('are the function’s to take, and their queue’s URL is known to it', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          COLLECTOR_EVENT_QUEUES: { 'Fn::Join': ['', ['{"main":"', { Ref: busQueue }, '"}']] },
        },
      },
    });
  });

  const statements = functionStatements(template);
  it.each<[string, string, boolean]>([
    ['ReceiveMessage', busQueue, true],
    // The right for DeleteMessageBatch as well.
    ['DeleteMessage', busQueue, true],
    ['SendMessage', busQueue, false],
    ['PurgeQueue', busQueue, false],
    ['ChangeMessageVisibility', busQueue, false],
    ['DeleteQueue', busQueue, false],
    ['ReceiveMessage', 'another', false],
    ['DeleteMessage', 'CollectorDeadLetters408AD83A', false],
  ])('sqs:%s on %s: %s', async (operation, queue, expected) => {
    expect(await isAllowed(statements, { action: `sqs:${operation}`, resource: arn('sqs', queue) })).toBe(expected);
  });
});

describe('a webhook', () => {
  const logKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555';
  const stack = foreignStack();
  const collector = new CiMetricsCollector(stack, 'Collector', {
    config: CollectorConfig.parse({
      sources: [
        {
          kind: 'bitbucket-pipelines',
          name: 'acme',
          workspace: 'acme',
          auth: { accessToken: { secret: 'ci-metrics/bitbucket', key: 'token' } },
          events: { webhookSecret: { secret: 'ci-metrics/webhook' } },
        },
      ],
      sinks: [{ kind: 'cloudwatch' }],
      deployment: { logRetentionDays: 7, logKeyArn },
    }),
    code: inlineCode(),
    webhookCode: inlineCode(),
  });
  const template = Template.fromStack(stack);
  const [queue = ''] = Object.keys(template.findResources('AWS::SQS::Queue')).filter((id) => id.includes('Events'));

  function statementsOf(part: string): readonly Statement[] {
    const found = rolePolicies(template).filter(({ roleId }) => roleId.includes(part));
    expect(found).toHaveLength(1);
    return found.flatMap(({ statements }) => statements);
  }
  const secret = (name: string): string => arn('secretsmanager', `secret:${name}-AbCdEf`);
  const read = (name: string): AwsCall => ({ action: 'secretsmanager:GetSecretValue', resource: secret(name) });

  it('may fill its queue and read its own secret, and nothing else', async () => {
    const statements = statementsOf('WebhookRole');
    const asked: readonly [AwsCall, boolean][] = [
      [{ action: 'sqs:SendMessage', resource: arn('sqs', queue) }, true],
      [read('ci-metrics/webhook'), true],
      [{ action: 'sqs:ReceiveMessage', resource: arn('sqs', queue) }, false],
      [{ action: 'sqs:DeleteMessage', resource: arn('sqs', queue) }, false],
      [{ action: 'sqs:SendMessage', resource: arn('sqs', 'another') }, false],
      [read('ci-metrics/bitbucket'), false],
      [{ action: 'secretsmanager:BatchGetSecretValue', resource: '*' }, false],
      [{ action: 'dynamodb:GetItem', resource: arn('dynamodb', 'table/any') }, false],
      [{ action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:any') }, false],
      [{ action: 'cloudwatch:PutMetricData', resource: '*', context: { 'cloudwatch:namespace': 'CI' } }, false],
    ];

    for (const [call, expected] of asked) expect([call, await isAllowed(statements, call)]).toEqual([call, expected]);
  });

  it('leaves the reading of its queue to the collector, which does not know its secret', async () => {
    const statements = statementsOf('CollectorRole');

    for (const operation of ['ReceiveMessage', 'DeleteMessage']) {
      expect(await isAllowed(statements, { action: `sqs:${operation}`, resource: arn('sqs', queue) })).toBe(true);
    }
    expect(await isAllowed(statements, { action: 'sqs:SendMessage', resource: arn('sqs', queue) })).toBe(false);
    expect(await isAllowed(statements, read('ci-metrics/bitbucket'))).toBe(true);
    expect(await isAllowed(statements, read('ci-metrics/webhook'))).toBe(false);
  });

  it('keeps and encrypts its log as the collector does', () => {
    const logs = Object.values(template.findResources('AWS::Logs::LogGroup'));

    expect(logs).toHaveLength(2);
    for (const log of logs) expect(log).toMatchObject({ Properties: { RetentionInDays: 7, KmsKeyId: logKeyArn } });
  });

  it('can be called by anybody, but only by its URL', () => {
    const [fn = ''] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) =>
      id.includes('Webhook'),
    );

    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunctionUrl',
      FunctionName: { 'Fn::GetAtt': [fn, 'Arn'] },
      FunctionUrlAuthType: 'NONE',
      Principal: '*',
    });
    // Since October 2025 a URL needs both (Lambda developer guide, "Control access to Lambda function URLs").
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [fn, 'Arn'] },
      InvokedViaFunctionUrl: true,
      Principal: '*',
    });
    expect(collector.webhooks).toMatchObject([{ source: 'acme' }]);
  });
});

describe('a webhook of Buildkite', () => {
  const collector = {
    sources: [
      {
        kind: 'buildkite',
        name: 'main',
        organization: 'acme',
        apiToken: { secret: 'ci-metrics/buildkite', key: 'apiToken' },
        events: { webhookSecret: { secret: 'ci-metrics/webhook' } },
      },
    ],
    sinks: [{ kind: 'cloudwatch' }],
  };
  const stack = foreignStack();
  new CiMetricsCollector(stack, 'Collector', {
    config: CollectorConfig.parse(collector),
    code: inlineCode(),
    webhookCode: inlineCode(),
  });
  const template = Template.fromStack(stack);

  it('gets a URL whose function knows how Buildkite signs, and no rule of a bus', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: { WEBHOOK_SCHEME: 'buildkite-signature', WEBHOOK_SECRET: '{"secret":"ci-metrics/webhook"}' },
      },
    });
    template.resourceCountIs('AWS::Lambda::Url', 1);
    template.resourcePropertiesCountIs('AWS::Events::Rule', { EventBusName: Match.anyValue() }, 0);
  });

  it('keeps its secret from the collector', async () => {
    const statements = rolePolicies(template)
      .filter(({ roleId }) => roleId.includes('CollectorRole'))
      .flatMap((role) => role.statements);
    const read = (name: string): AwsCall => ({
      action: 'secretsmanager:GetSecretValue',
      resource: arn('secretsmanager', `secret:${name}-AbCdEf`),
    });

    expect(await isAllowed(statements, read('ci-metrics/buildkite'))).toBe(true);
    expect(await isAllowed(statements, read('ci-metrics/webhook'))).toBe(false);
  });
});
