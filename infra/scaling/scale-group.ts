/** Scales an Auto Scaling group of EC2 by the jobs of a queue. */
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import { AutoScalingAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Duration, Stack, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { QueueOfSource } from '../metrics/queue-metric.ts';
import { keepBusyInstances } from './busy-instances.ts';
import type { Adjustment } from './create-policies.ts';
import { createPolicies } from './create-policies.ts';
import { buildNeededCapacity, type ScalingCollector, type ScalingOptions } from './needed-capacity.ts';
import { describeNeed, serveQueue } from './serve-queue.ts';

export interface GroupScalingOptions extends ScalingOptions {
  /**
   * How long a job may take, 48 hours at most. An instance that is to go is then drained by a lifecycle hook.
   * @default the group has `newInstancesProtectedFromScaleIn`, and an instance gives that up when its agents have ended
   */
  readonly longestJob?: Duration;
}

const id = 'CiQueueScaling';

/**
 * Sets the capacity of a group to what the jobs of a queue need, between its own minimum and maximum. Without figures the
 * capacity stays. docs/scaling-agents.md says what an instance has to do.
 * @throws Error for a group that would end busy agents, or that somebody else scales, with the remedy.
 */
export function scaleGroup(
  collector: ScalingCollector,
  group: autoscaling.AutoScalingGroup,
  queue: QueueOfSource,
  options: GroupScalingOptions,
): void {
  const resource = findResource(group);
  checkOthers(group, resource);
  const { min, max } = readSizes(group, resource);
  const needed = buildNeededCapacity(collector, group, queue, options);
  serveQueue(collector, queue, group);
  const scope = new Construct(group, id);
  keepBusyInstances(scope, group, options.longestJob);
  createPolicies(scope, {
    needed,
    min,
    max,
    subject: describeNeed('instances', queue),
    createAction: (name, adjustments) => new AutoScalingAction(createStepAction(scope, name, group, adjustments)),
  });
}

function findResource(group: autoscaling.AutoScalingGroup): autoscaling.CfnAutoScalingGroup {
  const resource = group.node.defaultChild;
  if (resource instanceof autoscaling.CfnAutoScalingGroup) return resource;
  throw new Error(`${group.node.path} has no resource of its own`);
}

function createStepAction(
  scope: Construct,
  name: string,
  autoScalingGroup: autoscaling.AutoScalingGroup,
  adjustments: readonly Adjustment[],
): autoscaling.StepScalingAction {
  const action = new autoscaling.StepScalingAction(scope, name, {
    autoScalingGroup,
    adjustmentType: autoscaling.AdjustmentType.EXACT_CAPACITY,
    metricAggregationType: autoscaling.MetricAggregationType.MAXIMUM,
    // What is needed does not depend on how far instances have started, so nothing waits for them.
    estimatedInstanceWarmup: Duration.seconds(0),
  });
  for (const adjustment of adjustments) action.addAdjustment(adjustment);
  return action;
}

function checkOthers(group: autoscaling.AutoScalingGroup, resource: autoscaling.CfnAutoScalingGroup): void {
  const { path } = group.node;
  if (group.node.tryFindChild(id) !== undefined)
    throw new Error(
      `${path} serves a queue already: two would set its capacity against each other; make a group a queue`,
    );
  if (group.node.findAll().some((child) => child instanceof autoscaling.CfnScalingPolicy))
    throw new Error(
      `${path} has a scaling policy of its own, which would set the capacity against the queue; remove it`,
    );
  if (resource.desiredCapacity !== undefined)
    throw new Error(`${path} has desiredCapacity, to which each deployment would set it back; leave it out`);
  if (JSON.stringify(Stack.of(group).resolve(resource.mixedInstancesPolicy) ?? {}).includes('weightedCapacity'))
    throw new Error(`${path} has weighted capacities, and a need is counted in instances; leave out the weights`);
}

function readSizes(
  group: autoscaling.AutoScalingGroup,
  { minSize, maxSize }: autoscaling.CfnAutoScalingGroup,
): { readonly min: number; readonly max: number } {
  const [min, max] = [minSize, maxSize].map((size) => (Token.isUnresolved(size) ? Number.NaN : Number(size)));
  if (min === undefined || max === undefined || Number.isNaN(min) || Number.isNaN(max))
    throw new Error(
      `${group.node.path}: its steps need minCapacity and maxCapacity as numbers, which are not known yet`,
    );
  if (max > min) return { min, max };
  throw new Error(
    `${group.node.path} has ${minSize} to ${maxSize} instances: there is nothing to scale; raise maxCapacity`,
  );
}
