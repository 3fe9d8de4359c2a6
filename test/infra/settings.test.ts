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
import { configOf, foreignStack, inlineCode } from './synthesis.ts';

function templateOf(props: (stack: Stack) => Partial<CiMetricsCollectorProps>): Template {
  const stack = foreignStack();
  new CiMetricsCollector(stack, 'Collector', { config: configOf('everything'), code: inlineCode(), ...props(stack) });
  return Template.fromStack(stack);
}

describe('a property of the construct', () => {
  it('wins over the setting of the configuration', () => {
    const template = templateOf(() => ({
      memorySize: 256,
      timeout: Duration.seconds(20),
      reservedConcurrentExecutions: 5,
      logRetention: logs.RetentionDays.ONE_WEEK,
    }));

    template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: 256,
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
    expect(Object.keys(template.findResources('AWS::Lambda::Function'))).toHaveLength(1);
  });
});
