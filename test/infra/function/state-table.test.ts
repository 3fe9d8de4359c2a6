/** Tests of the DynamoDB table of the counters: encryption, recovery, removal and rights. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CiMetricsCollector } from '../../../infra/ci-metrics-collector.ts';
import { arn } from '../intrinsics.ts';
import { type AwsCall, functionStatements, isAllowed } from '../policies.ts';
import { configOf, foreignStack, inlineCode, synthesise, synthesiseVariant } from '../synthesis.ts';

describe('the table of counters', () => {
  it.each(['minimal', 'vpc', 'imported-secrets', 'emulator'] as const)(
    'is not made for %s, where no source counts',
    (variant) => {
      const { template, stack } = synthesiseVariant(variant);

      template.resourceCountIs('AWS::DynamoDB::Table', 0);
      template.hasResourceProperties('AWS::Lambda::Function', {
        Environment: { Variables: Match.not(Match.objectLike({ COLLECTOR_STATE_TABLE: Match.anyValue() })) },
      });
      expect(stack.collector.stateTable).toBeUndefined();
    },
  );

  it('is paid by use, recoverable, encrypted, and forgets what nobody saves any more', () => {
    const { template } = synthesiseVariant('stateful');

    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'part', KeyType: 'RANGE' },
      ],
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 14 },
      SSESpecification: {
        SSEEnabled: true,
        SSEType: 'KMS',
        KMSMasterKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/22222222-3333-4444-5555-666666666666',
      },
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
  });

  it('is encrypted by the key of AWS where no other is named', () => {
    const config = configOf('stateful');

    const { template } = synthesise({ ...config, deployment: { ...config.deployment, stateKeyArn: undefined } });

    template.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, KMSMasterKeyId: Match.absent() },
    });
    expect(functionStatements(template).flatMap(({ Action }) => Action)).not.toContain('kms:Decrypt');
  });

  it('stays when the stack goes, and can be told not to', () => {
    const config = configOf('stateful');

    const kept = synthesiseVariant('stateful').template;
    const destroyed = synthesise({ ...config, deployment: { ...config.deployment, stateTable: 'destroy' } }).template;

    kept.hasResource('AWS::DynamoDB::Table', {
      // Except where it was just created: a first deployment that fails leaves nothing behind.
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      // A protected table could not be rolled back.
      Properties: { DeletionProtectionEnabled: Match.absent() },
    });
    destroyed.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: Match.absent() },
    });
  });

  it('is known to the function by its name, and to an app that uses the construct', () => {
    const { template } = synthesiseVariant('stateful');
    const [table = ''] = Object.keys(template.findResources('AWS::DynamoDB::Table'));

    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { COLLECTOR_STATE_TABLE: { Ref: table } } },
    });

    const collector = new CiMetricsCollector(foreignStack(), 'Collector', {
      config: configOf('stateful'),
      code: inlineCode(),
    });
    expect(collector.stateTable?.tableName).toBeDefined();
  });
});

describe('what the function may do with the table of counters', () => {
  const statements = functionStatements(synthesiseVariant('stateful').template);
  const table = arn('dynamodb', 'table/CollectorState537F4057');
  const key = arn('kms', 'key/22222222-3333-4444-5555-666666666666');
  const through = (service: string): Record<string, string> => ({
    'kms:ViaService': `${service}.eu-west-1.amazonaws.com`,
  });

  it.each<[AwsCall, boolean]>([
    [{ action: 'dynamodb:GetItem', resource: table }, true],
    [{ action: 'dynamodb:PutItem', resource: table }, true],
    [{ action: 'dynamodb:DeleteItem', resource: table }, true],
    [{ action: 'dynamodb:UpdateItem', resource: table }, false],
    [{ action: 'dynamodb:Query', resource: table }, false],
    [{ action: 'dynamodb:Scan', resource: table }, false],
    [{ action: 'dynamodb:DeleteTable', resource: table }, false],
    [{ action: 'dynamodb:GetItem', resource: arn('dynamodb', 'table/another') }, false],
    [{ action: 'kms:Decrypt', resource: key, context: through('dynamodb') }, true],
    [{ action: 'kms:Decrypt', resource: key, context: through('s3') }, false],
    [{ action: 'kms:Decrypt', resource: key }, false],
  ])('%j: %s', async (call, expected) => {
    expect(await isAllowed(statements, call)).toBe(expected);
  });
});
