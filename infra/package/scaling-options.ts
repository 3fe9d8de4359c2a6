/** What the published construct takes to scale agents, as structs that every language of the CDK has. */
import type { Duration } from 'aws-cdk-lib/core';

/** How an Auto Scaling group follows a queue. */
export interface GroupScalingOptions {
  /**
   * Agents that one instance runs.
   * @default 1
   */
  readonly agentsPerInstance?: number;
  /**
   * Period of the alarms: 10 or 30 seconds, where the collector's `interval` is as short, or a minute. Alarms of less than
   * a minute cost three times as much.
   * @default - a minute, or the collector's `interval` where that is longer
   */
  readonly resolution?: Duration;
  /**
   * How long a job may take, 48 hours at most. An instance that is to go is then drained by a lifecycle hook.
   * @default - the group has `newInstancesProtectedFromScaleIn`, and an instance gives that up when its agents have ended
   */
  readonly longestJob?: Duration;
}

/** How a service of ECS follows a queue. */
export interface ServiceScalingOptions {
  /**
   * Agents that one task runs.
   * @default 1
   */
  readonly agentsPerInstance?: number;
  /**
   * Period of the alarms: 10 or 30 seconds, where the collector's `interval` is as short, or a minute. Alarms of less than
   * a minute cost three times as much.
   * @default - a minute, or the collector's `interval` where that is longer
   */
  readonly resolution?: Duration;
  /**
   * Tasks that stay when nothing is to be done.
   * @default 0
   */
  readonly minCapacity?: number;
  /** Tasks that are never exceeded. */
  readonly maxCapacity: number;
}
