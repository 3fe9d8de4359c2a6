/** The properties of the published construct. */
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Duration } from 'aws-cdk-lib/core';

/** A configuration, as a file or as a mapping, and what code decides in place of its `deployment:` section. */
export interface CiMetricsCollectorProps {
  /**
   * Path of a `collector.yaml`.
   * @default - `config`
   */
  readonly configFile?: string;
  /**
   * What a `collector.yaml` would have, as a mapping; it is checked as the file is.
   * @default - `configFile`
   */
  readonly config?: Record<string, unknown>;
  /**
   * Memory of the function, in MB.
   * @default - `deployment.memoryMegabytes`, 512
   */
  readonly memorySize?: number;
  /**
   * How long a run may take.
   * @default - `deployment.timeoutSeconds`, or 10 seconds less than the interval
   */
  readonly timeout?: Duration;
  /**
   * Concurrency that is reserved for the function.
   * @default - `deployment.reservedConcurrency`, or none: an account with a small quota refuses every reservation
   */
  readonly reservedConcurrentExecutions?: number;
  /**
   * Where the function runs.
   * @default - `deployment.vpc`, or outside any VPC
   */
  readonly vpc?: ec2.IVpc;
  /**
   * Subnets of `vpc`.
   * @default - the private ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Security groups of the function in `vpc`.
   * @default - a new group without inbound rules
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * Key of the secrets and SecureString parameters.
   * @default - `deployment.secretsKeyArn`, or the key that AWS manages
   */
  readonly secretsKey?: kms.IKey;
  /**
   * Key of the log group.
   * @default - `deployment.logKeyArn`, or the key that AWS manages
   */
  readonly logKey?: kms.IKey;
  /**
   * Key of the table that counters are kept in.
   * @default - `deployment.stateKeyArn`, or the key that AWS manages
   */
  readonly stateKey?: kms.IKey;
  /**
   * Key of the queues for failed runs and for events.
   * @default - `deployment.queueKeyArn`, or the key of SQS
   */
  readonly queueKey?: kms.IKey;
  /**
   * Key of the topic that the construct makes.
   * @default - `deployment.topicKeyArn`, or none
   */
  readonly topicKey?: kms.IKey;
  /**
   * Key of the functions' environment.
   * @default - `deployment.environmentKeyArn`, or the key that AWS manages
   */
  readonly environmentKey?: kms.IKey;
  /**
   * How long log lines are kept.
   * @default - `deployment.logRetentionDays`, 30
   */
  readonly logRetention?: logs.RetentionDays;
  /**
   * Secrets of the app by the name that the configuration gives them.
   * @default - created, or imported by name
   */
  readonly secrets?: Record<string, secretsmanager.ISecret>;
  /**
   * Topic of the alarms.
   * @default - `alarms.topicArn`, or a new topic
   */
  readonly alarmTopic?: sns.ITopic;
  /**
   * Boundary of every role in the construct.
   * @default - `deployment.permissionsBoundaryArn`, or none
   */
  readonly permissionsBoundary?: iam.IManagedPolicy;
}
