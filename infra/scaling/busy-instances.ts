/** Keeps instances alive while their agents work, by protection from scale-in or by a lifecycle hook. */
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Annotations, ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeAnyResource, formatWildcardRule } from '../acknowledge.ts';

/** An instance waits to be ended for so long (EC2 Auto Scaling user guide, "Lifecycle hooks", considerations). */
const longestDrain = Duration.hours(48);
/** Bounds of HeartbeatTimeout (EC2 Auto Scaling API reference, PutLifecycleHook); a heartbeat starts it again. */
const shortestHeartbeat = Duration.seconds(30);
const longestHeartbeat = Duration.hours(2);

/** @throws Error for a group that would end busy agents, or for two ways at once. */
export function keepBusyInstances(
  scope: Construct,
  group: autoscaling.AutoScalingGroup,
  longestJob: Duration | undefined,
): void {
  const { path } = group.node;
  const isProtected = group.areNewInstancesProtectedFromScaleIn();
  if (isProtected && longestJob !== undefined)
    throw new Error(
      `${path} has newInstancesProtectedFromScaleIn and longestJob: a protected instance is never drained; leave one out`,
    );
  if (longestJob !== undefined) drainInstances(group, longestJob);
  else if (!isProtected)
    throw new Error(
      `${path} would end busy agents: set newInstancesProtectedFromScaleIn of the group, or give longestJob for a lifecycle hook`,
    );
  const actions = longestJob === undefined ? protectionActions : drainActions;
  allowInstances(scope, group, actions);
}

function drainInstances(group: autoscaling.AutoScalingGroup, longestJob: Duration): void {
  const seconds = longestJob.toSeconds();
  if (seconds < shortestHeartbeat.toSeconds() || seconds > longestDrain.toSeconds())
    throw new Error(
      `longestJob must be 30 seconds to 48 hours, for which a lifecycle hook waits, not ${longestJob.toHumanString()}; protect instances whose jobs take longer`,
    );
  group.addLifecycleHook('CiDrain', {
    lifecycleTransition: autoscaling.LifecycleTransition.INSTANCE_TERMINATING,
    heartbeatTimeout: Duration.seconds(Math.min(seconds, longestHeartbeat.toSeconds())),
    defaultResult: autoscaling.DefaultResult.CONTINUE,
  });
}

interface OwnActions {
  readonly ofGroup: readonly string[];
  /** Actions that IAM cannot hold to one group. */
  readonly ofAny: readonly string[];
}

/** Service authorization reference, "Actions, resources, and condition keys for Amazon EC2 Auto Scaling". */
const protectionActions: OwnActions = {
  ofGroup: ['autoscaling:SetInstanceProtection'],
  ofAny: ['autoscaling:DescribeAutoScalingInstances'],
};
const drainActions: OwnActions = {
  ofGroup: ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
  ofAny: [],
};

/** What the script on an instance calls, for instances of this group alone. */
function allowInstances(scope: Construct, group: autoscaling.AutoScalingGroup, { ofGroup, ofAny }: OwnActions): void {
  if (group.grantPrincipal instanceof iam.UnknownPrincipal) {
    const actions = [...ofGroup, ...ofAny].join(', ');
    Annotations.of(scope).addWarningV2(
      'ci-metrics:instance-role',
      `the role of the instances of ${group.node.path} is not known here; allow it ${actions}`,
    );
    return;
  }
  const { stack, autoScalingGroupName } = group;
  const arn = formatGroupArn(Stack.of(stack), autoScalingGroupName);
  // Apart from the role's own policy, which has to be there before the group whose name stands here.
  const policy = new iam.Policy(scope, 'InstancePolicy', { roles: [group.role] });
  policy.addStatements(new iam.PolicyStatement({ sid: 'OwnGroup', actions: [...ofGroup], resources: [arn] }));
  acknowledge(
    policy,
    formatWildcardRule(scope, arn),
    'The group is named; only the id that AWS gives it is not known.',
  );
  if (ofAny.length === 0) return;
  policy.addStatements(new iam.PolicyStatement({ sid: 'OwnState', actions: [...ofAny], resources: ['*'] }));
  acknowledgeAnyResource(policy, ['Descriptions of Auto Scaling have no resource.']);
}

function formatGroupArn(stack: Stack, name: string): string {
  return stack.formatArn({
    service: 'autoscaling',
    resource: 'autoScalingGroup',
    resourceName: `*:autoScalingGroupName/${name}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
