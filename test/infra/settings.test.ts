/** Tests of the properties of the construct, and of how they win over the configuration. */
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Duration, type Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { CiMetricsCollector, type CiMetricsCollectorProps } from '../../infra/ci-metrics-collector.ts';
import { type AwsCall, functionStatements, isAllowed, schedulerStatements } from './policies.ts';
import { configOf, foreignStack, inlineCode, synthesise, synthesiseVariant } from './synthesis.ts';

function templateOf(props: (stack: Stack) => Partial<CiMetricsCollectorProps>): Template {
  const stack = foreignStack();
  new CiMetricsCollector(stack, 'Collector', { config: configOf('everything'), code: inlineCode(), ...props(stack) });
  return Template.fromStack(stack);
}

describe('a property of the construct', () => {
  it('wins over the setting of the configuration', () => {
    const template = templateOf(() => ({
      memorySize: 1024,
      timeout: Duration.seconds(20),
      reservedConcurrentExecutions: 5,
      logRetention: logs.RetentionDays.ONE_WEEK,
    }));

    template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: 1024,
      Timeout: 20,
      ReservedConcurrentExecutions: 5,
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'Duration', Threshold: 16_000 });
  });

  it('puts the function into a VPC of the app', () => {
    const template = templateOf((stack) => ({
      vpc: ec2.Vpc.fromVpcAttributes(stack, 'Net', {
        vpcId: 'vpc-0123456789abcdef0',
        availabilityZones: ['eu-west-1a', 'eu-west-1b'],
        privateSubnetRouteTableIds: ['rtb-0123456789abcdef0', 'rtb-0123456789abcdef1'],
        privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      }),
    }));

    template.hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: {
        SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        SecurityGroupIds: [Match.anyValue()],
      },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Sid: 'NetworkInterfaces' })]) },
    });
  });

  it('uses a secret of the app in the place of a new one', () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:own-AbCdEf';
    const template = templateOf((stack) => ({
      secrets: { 'ci-metrics/other': secretsmanager.Secret.fromSecretCompleteArn(stack, 'Own', arn) },
    }));

    expect(JSON.stringify(template.findResources('AWS::SecretsManager::Secret'))).not.toContain('ci-metrics/other');
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Sid: 'ReadSecrets', Resource: Match.arrayWith([arn]) })]),
      },
    });
  });

  it('uses keys, a topic and a boundary of the app', () => {
    const template = templateOf((stack) => ({
      secretsKey: new kms.Key(stack, 'SecretsKey'),
      logKey: new kms.Key(stack, 'LogsKey'),
      alarmTopic: new sns.Topic(stack, 'OnCall'),
      permissionsBoundary: iam.ManagedPolicy.fromAwsManagedPolicyName('PowerUserAccess'),
    }));

    template.allResourcesProperties('AWS::SecretsManager::Secret', {
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('SecretsKey'), 'Arn'] },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('LogsKey'), 'Arn'] },
    });
    template.resourceCountIs('AWS::SNS::Topic', 1);
    template.allResourcesProperties('AWS::IAM::Role', {
      PermissionsBoundary: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('PowerUserAccess')])] },
    });
  });
});

describe('keys of the customer', () => {
  const key = 'arn:aws:kms:eu-west-1:111122223333:key/77777777-8888-9999-0000-111111111111';
  const everything = configOf('everything');
  const deployment = { ...everything.deployment, queueKeyArn: key, topicKeyArn: key, environmentKeyArn: key };
  const { template, report } = synthesise({ ...everything, deployment });

  it('encrypt every queue, the topic and the environment, and leave the log as it was', () => {
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: key, SqsManagedSseEnabled: Match.absent() });
    template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.stringLikeRegexp('key/77777777') });
    template.allResourcesProperties('AWS::Lambda::Function', { KmsKeyArn: key });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      RetentionInDays: 90,
      KmsKeyId: everything.deployment.logKeyArn,
    });
    expect(report.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
  });

  const through = (context: string): Record<string, string> => ({ 'kms:ViaService': context });
  it.each<[AwsCall, boolean]>([
    // Failed runs are sent by the function's role, events are taken by it.
    [{ action: 'kms:GenerateDataKey', resource: key, context: through('sqs.eu-west-1.amazonaws.com') }, true],
    [{ action: 'kms:Decrypt', resource: key, context: through('sqs.eu-west-1.amazonaws.com') }, true],
    // The environment, without any service between.
    [{ action: 'kms:Decrypt', resource: key }, true],
    [{ action: 'kms:GenerateDataKey', resource: key, context: through('s3.eu-west-1.amazonaws.com') }, false],
    [{ action: 'kms:DescribeKey', resource: key }, false],
  ])('give the function what it needs: %j: %s', async (call, expected) => {
    expect(await isAllowed(functionStatements(template), call)).toBe(expected);
  });

  it('give the schedule the right to send what it could not start', async () => {
    const context = through('sqs.eu-west-1.amazonaws.com');
    const statements = schedulerStatements(template);

    expect(await isAllowed(statements, { action: 'kms:GenerateDataKey', resource: key, context })).toBe(true);
    expect(await isAllowed(statements, { action: 'kms:Decrypt', resource: key, context })).toBe(true);
    expect(await isAllowed(statements, { action: 'kms:Decrypt', resource: key })).toBe(false);
  });

  it('that code gives let the services use them that send there', () => {
    const own = templateOf((stack) => ({
      queueKey: new kms.Key(stack, 'QueueKey'),
      topicKey: new kms.Key(stack, 'TopicKey'),
    }));
    const service = (name: string) =>
      Match.objectLike({ Principal: { Service: name }, Action: ['kms:Decrypt', 'kms:GenerateDataKey'] });

    for (const name of ['events.amazonaws.com', 'cloudwatch.amazonaws.com']) {
      own.hasResourceProperties('AWS::KMS::Key', { KeyPolicy: { Statement: Match.arrayWith([service(name)]) } });
    }
  });
});

describe('a subnet that another account shares', () => {
  it('may get the network interface of the function, and no other subnet of that account', async () => {
    const statements = functionStatements(synthesiseVariant('vpc').template);
    const create = (resource: string, owner: string): AwsCall => ({
      action: 'ec2:CreateNetworkInterface',
      resource: `arn:aws:ec2:eu-west-1:${owner}:${resource}`,
    });

    expect(await isAllowed(statements, create('subnet/subnet-0123456789abcdef0', '999988887777'))).toBe(true);
    expect(await isAllowed(statements, create('security-group/sg-0123456789abcdef0', '999988887777'))).toBe(true);
    expect(await isAllowed(statements, create('subnet/subnet-00000000000000000', '999988887777'))).toBe(false);
  });
});

describe('secrets with keys of their own', () => {
  const keyIn = (region: string, id: string): string => `arn:aws:kms:${region}:111122223333:key/${id}`;
  const secretIn = (region: string, name: string): string =>
    `arn:aws:secretsmanager:${region}:111122223333:secret:${name}`;

  it('given by code are decrypted with them', async () => {
    const own = keyIn('us-east-1', 'aaaaaaaa-8888-9999-0000-111111111111');
    const template = templateOf((stack) => ({
      secrets: {
        'ci-metrics/other': secretsmanager.Secret.fromSecretAttributes(stack, 'Own', {
          secretCompleteArn: secretIn('us-east-1', 'own-AbCdEf'),
          encryptionKey: kms.Key.fromKeyArn(stack, 'OwnKey', own),
        }),
      },
    }));
    const decrypt = (service: string): AwsCall => ({
      action: 'kms:Decrypt',
      resource: own,
      context: { 'kms:ViaService': service },
    });

    const statements = functionStatements(template);
    expect(await isAllowed(statements, decrypt('secretsmanager.us-east-1.amazonaws.com'))).toBe(true);
    expect(await isAllowed(statements, decrypt('s3.us-east-1.amazonaws.com'))).toBe(false);
  });

  it('that exist in several Regions are decrypted there, with every key that is named', async () => {
    const keys = [keyIn('eu-west-1', '11111111-aaaa'), keyIn('us-east-1', '22222222-bbbb')] as const;
    const minimal = configOf('minimal');
    const agentTokens = [{ secret: secretIn('us-east-1', 'ci/buildkite-AbCdEf') }, { secret: 'here' }];
    const { template } = synthesise({
      ...minimal,
      sources: [{ kind: 'buildkite', name: 'buildkite', agentTokens }],
      deployment: { ...minimal.deployment, secrets: 'import', importedSecretsKeyArns: [...keys] },
    });
    const statements = functionStatements(template);
    const decrypt = (resource: string, region: string): AwsCall => ({
      action: 'kms:Decrypt',
      resource,
      context: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` },
    });

    expect(await isAllowed(statements, decrypt(keys[0], 'eu-west-1'))).toBe(true);
    expect(await isAllowed(statements, decrypt(keys[1], 'us-east-1'))).toBe(true);
    expect(await isAllowed(statements, decrypt(keys[1], 'eu-central-1'))).toBe(false);
  });

  it('may have a name that ends like an ARN', async () => {
    const partial = secretIn('eu-west-1', 'ci/buildkite-tokens');
    const { template } = synthesise({
      ...configOf('minimal'),
      sources: [{ kind: 'buildkite', name: 'buildkite', agentTokens: [{ secret: partial }] }],
    });
    const read = (resource: string): AwsCall => ({ action: 'secretsmanager:GetSecretValue', resource });

    const statements = functionStatements(template);
    expect(await isAllowed(statements, read(`${partial}-AbCdEf`))).toBe(true);
    expect(await isAllowed(statements, read(partial))).toBe(true);
    expect(await isAllowed(statements, read(`${partial}-of-others-AbCdEf`))).toBe(false);
  });
});

describe('tags of the configuration', () => {
  it('reach every resource that takes them', () => {
    const template = templateOf(() => ({}));
    const tag = { Tags: Match.arrayWith([{ Key: 'team', Value: 'ci' }]) };

    for (const type of [
      'AWS::Lambda::Function',
      'AWS::SQS::Queue',
      'AWS::SecretsManager::Secret',
      'AWS::SNS::Topic',
      'AWS::IAM::Role',
    ]) {
      template.allResourcesProperties(type, tag);
    }
    expect(Object.keys(template.findResources('AWS::Lambda::Function'))).toHaveLength(2);
  });
});
