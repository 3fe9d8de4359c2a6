/** Scales a service of ECS by the jobs of a queue. */
import * as appscaling from 'aws-cdk-lib/aws-applicationautoscaling';
import { ApplicationScalingAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Duration, Stack, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge, formatWildcardRule } from '../acknowledge.ts';
import type { QueueOfSource } from '../metrics/queue-metric.ts';
import { type Adjustment, createPolicies } from './create-policies.ts';
import { buildNeededCapacity, type ScalingCollector, type ScalingOptions } from './needed-capacity.ts';
import { describeNeed, serveQueue } from './serve-queue.ts';

export interface ServiceScalingOptions extends ScalingOptions {
  /** Tasks that stay when nothing is to be done. @default 0 */
  readonly minCapacity?: number;
  /** Tasks that are never exceeded. */
  readonly maxCapacity: number;
}

/** The id that `autoScaleTaskCount` of the CDK would take: a service is scaled by one of the two. */
const id = 'TaskCount';

/**
 * Sets the task count of a service to what the jobs of a queue need. Without figures the count stays. Its tasks may
 * protect themselves from being ended; docs/scaling-agents.md says how they do.
 * @throws Error for a service that somebody else scales, with the remedy.
 */
export function scaleService(
  collector: ScalingCollector,
  service: ecs.BaseService,
  queue: QueueOfSource,
  options: ServiceScalingOptions,
): void {
  checkOthers(service);
  const { min, max } = readSizes(options);
  const needed = buildNeededCapacity(collector, service, queue, options);
  serveQueue(collector, queue, service);
  const scope = new Construct(service, id);
  const target = createTarget(scope, service, min, max);
  allowTasks(scope, service);
  createPolicies(scope, {
    needed,
    min,
    max,
    subject: describeNeed('tasks', queue),
    createAction: (name, adjustments) =>
      new ApplicationScalingAction(createStepAction(scope, name, target, adjustments)),
  });
}

function checkOthers(service: ecs.BaseService): void {
  const { path } = service.node;
  if (service.node.tryFindChild(id) !== undefined)
    throw new Error(`${path} is scaled already: two would set its task count against each other; keep one`);
  const resource = service.node.findAll().find((child) => child instanceof ecs.CfnService);
  if (resource?.schedulingStrategy === 'DAEMON')
    throw new Error(`${path} runs a task on every instance and has no count; scale the group of its instances instead`);
  if (resource?.desiredCount !== undefined)
    throw new Error(`${path} has desiredCount, to which each deployment would set it back; leave it out`);
}

function readSizes({ minCapacity: min = 0, maxCapacity: max }: ServiceScalingOptions): {
  readonly min: number;
  readonly max: number;
} {
  const isCount = (size: number): boolean => Number.isInteger(size) && size >= 0 && !Token.isUnresolved(size);
  if (isCount(min) && isCount(max) && max > min) return { min, max };
  throw new Error(
    `minCapacity and maxCapacity must be whole numbers, the second above the first, not ${String(min)} and ${String(max)}`,
  );
}

function createTarget(scope: Construct, service: ecs.BaseService, min: number, max: number): appscaling.ScalableTarget {
  const { cluster, serviceName } = service;
  return new appscaling.ScalableTarget(scope, 'Target', {
    serviceNamespace: appscaling.ServiceNamespace.ECS,
    resourceId: `service/${cluster.clusterName}/${serviceName}`,
    scalableDimension: 'ecs:service:DesiredCount',
    minCapacity: min,
    maxCapacity: max,
    role: iam.Role.fromRoleArn(scope, 'ScalingRole', formatScalingRole(Stack.of(service))),
  });
}

/** The role that Application Auto Scaling makes for itself (its user guide, "Service-linked roles"). */
function formatScalingRole(stack: Stack): string {
  return stack.formatArn({
    region: '',
    service: 'iam',
    resource: 'role/aws-service-role/ecs.application-autoscaling.amazonaws.com',
    resourceName: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
  });
}

function createStepAction(
  scope: Construct,
  name: string,
  scalingTarget: appscaling.ScalableTarget,
  adjustments: readonly Adjustment[],
): appscaling.StepScalingAction {
  const action = new appscaling.StepScalingAction(scope, name, {
    scalingTarget,
    adjustmentType: appscaling.AdjustmentType.EXACT_CAPACITY,
    metricAggregationType: appscaling.MetricAggregationType.MAXIMUM,
    // The default of 5 minutes would hold back what the next minute needs.
    cooldown: Duration.seconds(0),
  });
  for (const adjustment of adjustments) action.addAdjustment(adjustment);
  return action;
}

/** A task protects itself at the endpoint of its agent, with the rights of its own role. */
function allowTasks(scope: Construct, service: ecs.BaseService): void {
  const arn = Stack.of(service).formatArn({
    service: 'ecs',
    resource: 'task',
    resourceName: `${service.cluster.clusterName}/*`,
  });
  const policy = new iam.Policy(scope, 'TaskPolicy', {
    roles: [service.taskDefinition.taskRole],
    statements: [
      new iam.PolicyStatement({
        sid: 'OwnProtection',
        actions: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
        resources: [arn],
      }),
    ],
  });
  acknowledge(policy, formatWildcardRule(scope, arn), 'A task is known by its id only once it runs.');
}
