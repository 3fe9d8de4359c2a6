/** What code may decide about the stack, and what follows from it and from `deployment:`. */
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Annotations, Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Deployment } from '../lambda/config/deployment.ts';
import { convertInterval } from '../lambda/settings/interval.ts';
import type { CollectorConfig } from '../lambda/config/schema.ts';
import { minuteMs } from '../lambda/model/time.ts';
import type { CiMetricsCollectorProps } from './package/props.ts';

/** What code may decide in place of the `deployment:` section, and the code of the functions, which tests give. */
export interface CollectorSettings extends Omit<CiMetricsCollectorProps, 'configFile' | 'config'> {
  /** The function's code. @default bundled by esbuild while the app synthesises */
  readonly code?: lambda.Code;
  /** The code of the functions behind webhook URLs. @default bundled by esbuild while the app synthesises */
  readonly webhookCode?: lambda.Code;
  /** The code of the function that makes messages of alarms. @default bundled by esbuild while the app synthesises */
  readonly messengerCode?: lambda.Code;
}

/** Where a function runs. */
export interface FunctionNetwork {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** Longest default run: a poll that takes longer than this is stuck, whatever the interval. */
const maxDefaultTimeoutSeconds = 300;

/** The rest of the interval is for the runtime to start and for the next run not to overlap. */
const intervalReserveSeconds = 10;

/** A loop over one minute, its report and a late start. */
const loopTimeoutSeconds = 65;

/** How long a run may take. Below one minute the function loops for a whole minute inside one invocation. */
export function chooseTimeout({ interval, deployment }: CollectorConfig, settings: CollectorSettings): Duration {
  if (settings.timeout !== undefined) return settings.timeout;
  if (deployment.timeoutSeconds !== undefined) return Duration.seconds(deployment.timeoutSeconds);
  const intervalMs = convertInterval(interval);
  if (intervalMs < minuteMs) return Duration.seconds(loopTimeoutSeconds);
  return Duration.seconds(Math.min(intervalMs / 1000 - intervalReserveSeconds, maxDefaultTimeoutSeconds));
}

/** How often the schedule fires, and the period of every alarm and graph: EventBridge Scheduler's floor is one minute. */
export function chooseScheduleRate({ interval }: CollectorConfig): Duration {
  return Duration.millis(Math.max(convertInterval(interval), minuteMs));
}

/** Where the function runs; undefined outside any VPC. */
export function resolveNetwork(
  scope: Construct,
  { vpc }: Deployment,
  settings: CollectorSettings,
): FunctionNetwork | undefined {
  if (settings.vpc !== undefined) {
    return {
      vpc: settings.vpc,
      ...(settings.vpcSubnets === undefined ? {} : { vpcSubnets: settings.vpcSubnets }),
      ...(settings.securityGroups === undefined ? {} : { securityGroups: [...settings.securityGroups] }),
    };
  }
  if (vpc === undefined) return undefined;
  const groups = vpc.securityGroupIds?.map((id) =>
    ec2.SecurityGroup.fromSecurityGroupId(scope, `SecurityGroup-${id}`, id, { mutable: false }),
  );
  return {
    // The subnets are named, so no zone is ever read; a look-up of the real ones would need an account at synth.
    vpc: ec2.Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId: vpc.vpcId, availabilityZones: ['unknown'] }),
    vpcSubnets: { subnets: vpc.subnetIds.map((id) => importSubnet(scope, id)) },
    ...(groups === undefined ? {} : { securityGroups: groups }),
  };
}

/** Opens private Kubernetes API servers, on EKS the cluster's own security group, to the function. */
export function openApiServers(fn: lambda.Function, { vpc }: Deployment): void {
  for (const id of vpc?.apiServerSecurityGroupIds ?? []) {
    const group = ec2.SecurityGroup.fromSecurityGroupId(fn, `ApiServer-${id}`, id);
    // Only this side: a function's own group lets everything out.
    for (const own of fn.connections.securityGroups) {
      group.addIngressRule(own, ec2.Port.HTTPS, 'CI metrics collector to the Kubernetes API');
    }
  }
}

function importSubnet(scope: Construct, id: string): ec2.ISubnet {
  const subnet = ec2.Subnet.fromSubnetId(scope, `Subnet-${id}`, id);
  Annotations.of(subnet).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId', 'Nothing reads the route table.');
  return subnet;
}

/** How every function of the stack keeps its environment, and what it needs to read it when it starts. */
export function chooseEnvironmentEncryption(
  scope: Construct,
  id: string,
  { environmentKeyArn }: Deployment,
  settings: CollectorSettings,
): Pick<lambda.FunctionProps, 'environmentEncryption' | 'initialPolicy'> {
  const key = resolveKey(scope, id, settings.environmentKey, environmentKeyArn);
  if (key === undefined) return {};
  // Lambda developer guide, "Securing Lambda environment variables": the function's role decrypts.
  const decrypt = new iam.PolicyStatement({
    sid: 'DecryptEnvironment',
    actions: ['kms:Decrypt'],
    resources: [key.keyArn],
  });
  return { environmentEncryption: key, initialPolicy: [decrypt] };
}

/** A key that code gives, or the one that the configuration names. */
export function resolveKey(
  scope: Construct,
  id: string,
  given: kms.IKey | undefined,
  arn: string | undefined,
): kms.IKey | undefined {
  return given ?? (arn === undefined ? undefined : kms.Key.fromKeyArn(scope, id, arn));
}
