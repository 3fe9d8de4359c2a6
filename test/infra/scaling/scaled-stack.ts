/** Makes stacks with a collector and groups of agents that follow its queues. */
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Stack, type StackProps } from 'aws-cdk-lib/core';
import { CiMetricsCollector } from '../../../infra/ci-metrics-collector.ts';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';
import { appForTest, configOf, inlineCode } from '../synthesis.ts';

export const queue = { source: 'buildkite', scope: 'production', queue: 'default', organization: 'acme' };

export interface ScaledStack {
  readonly stack: Stack;
  readonly collector: CiMetricsCollector;
  /** A stack of the same app, for groups that stand elsewhere. */
  readonly addStack: (id: string, props?: StackProps) => Stack;
}

export function createScaledStack(change: Partial<CollectorConfig> = {}, props: StackProps = {}): ScaledStack {
  const app = appForTest();
  const addStack = (id: string, own: StackProps = {}): Stack => new Stack(app, id, own);
  const stack = addStack('agents', props);
  const config = { ...configOf('minimal'), ...change };
  return { stack, addStack, collector: new CiMetricsCollector(stack, 'Collector', { config, code: inlineCode() }) };
}

/** Named, so that no account is looked up. */
const network = {
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: ['eu-west-1a', 'eu-west-1b'],
  privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  privateSubnetRouteTableIds: ['rtb-0123456789abcdef0', 'rtb-0123456789abcdef1'],
};

const images = { 'eu-west-1': 'ami-0123456789abcdef0', 'us-east-1': 'ami-0123456789abcdef1' };

/** A cluster that stands already, with instances of its own. */
export function findCluster(stack: Stack, id: string): ecs.ICluster {
  const vpc = ec2.Vpc.fromVpcAttributes(stack, `${id}Vpc`, network);
  return ecs.Cluster.fromClusterAttributes(stack, id, { clusterName: 'ci', vpc, hasEc2Capacity: true });
}

export function createGroup(
  stack: Stack,
  id: string,
  options: Partial<autoscaling.AutoScalingGroupProps> = {},
): autoscaling.AutoScalingGroup {
  return new autoscaling.AutoScalingGroup(stack, id, {
    vpc: ec2.Vpc.fromVpcAttributes(stack, `${id}Vpc`, network),
    instanceType: new ec2.InstanceType('m7i.large'),
    machineImage: ec2.MachineImage.genericLinux(images, { userData: ec2.UserData.forLinux() }),
    minCapacity: 0,
    maxCapacity: 30,
    requireImdsv2: true,
    ...options,
  });
}

export function createService(
  stack: Stack,
  id: string,
  options: Partial<ecs.FargateServiceProps> = {},
): ecs.FargateService {
  const cluster = findCluster(stack, `${id}Cluster`);
  const taskDefinition = new ecs.FargateTaskDefinition(stack, `${id}Task`);
  taskDefinition.addContainer('Agent', { image: ecs.ContainerImage.fromRegistry('example.com/agent') });
  return new ecs.FargateService(stack, id, {
    cluster,
    taskDefinition,
    minHealthyPercent: 100,
    circuitBreaker: { rollback: true },
    ...options,
  });
}
