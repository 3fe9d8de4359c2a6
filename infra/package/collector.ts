/** The construct as the package has it: no types but those of the CDK and structs, so that jsii takes it to all languages. */
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Schedule, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { checkMapping, Implementation } from './implementation.ts';
import type { CiMetricsCollectorProps } from './props.ts';
import type { GroupScalingOptions, ServiceScalingOptions } from './scaling-options.ts';
import type { CollectorSecret, EksClusterAccess, QueueOfSource, WebhookOfSource } from './structs.ts';

/**
 * A scheduled function that reads CI systems and publishes their queues, workers and runs, with its secrets, rights,
 * dashboard and alarms.
 */
export class CiMetricsCollector extends Construct implements iam.IGrantable {
  private readonly implementation: Implementation;

  /**
   * Checks the configuration and makes everything that it needs.
   * @param scope the stack, or a part of it
   * @param id name within the scope
   * @param props the configuration, and what code decides
   */
  constructor(scope: Construct, id: string, props: CiMetricsCollectorProps) {
    super(scope, id);
    const { config, ...others } = props;
    const checked = config === undefined ? {} : { config: checkMapping(config) };
    // The CDK leaves `Default` out of logical ids, so that they are those of the construct in the repository.
    this.implementation = new Implementation(this, 'Default', { ...others, ...checked });
  }

  /** The function. */
  public get function(): lambda.Function {
    return this.implementation.function;
  }

  /** One line a run. */
  public get logGroup(): logs.ILogGroup {
    return this.implementation.logGroup;
  }

  /** When the function runs. */
  public get schedule(): Schedule {
    return this.implementation.schedule;
  }

  /** The group of the schedule. */
  public get scheduleGroup(): ScheduleGroup {
    return this.implementation.scheduleGroup;
  }

  /** Runs that failed or could not be started. */
  public get deadLetterQueue(): sqs.Queue {
    return this.implementation.deadLetterQueue;
  }

  /** What counters are kept in; none where no configured source counts anything over time. */
  public get stateTable(): dynamodb.Table | undefined {
    return this.implementation.stateTable;
  }

  /** What every alarm tells. */
  public get topic(): sns.ITopic {
    return this.implementation.topic;
  }

  /** All alarms of the construct. */
  public get alarms(): cloudwatch.AlarmBase[] {
    return [...this.implementation.alarms];
  }

  /** None where `deployment.dashboard` is `omit`. */
  public get dashboard(): cloudwatch.Dashboard | undefined {
    return this.implementation.dashboard;
  }

  /** The secrets that the configuration refers to. */
  public get secrets(): CollectorSecret[] {
    return this.implementation.secrets.map(copySecret);
  }

  /** URLs that CI systems have to post their events to. */
  public get webhooks(): WebhookOfSource[] {
    return [...this.implementation.webhooks];
  }

  /** EKS clusters that the function enters with its role, and what has to be run once for it to be let in. */
  public get eksClusters(): EksClusterAccess[] {
    return [...this.implementation.eksClusters];
  }

  /** Roles that the configuration lets the function assume; each has to trust the function's own. */
  public get assumedRoleArns(): string[] {
    return [...this.implementation.assumedRoleArns];
  }

  /** The function's role. */
  public get grantPrincipal(): iam.IPrincipal {
    return this.implementation.grantPrincipal;
  }

  /**
   * Allows to read exactly the secrets and parameters that the configuration refers to.
   * @param grantee who may read them
   */
  public grantReadSecrets(grantee: iam.IGrantable): void {
    this.implementation.grantReadSecrets(grantee);
  }

  /**
   * Any metric by its Prometheus name, such as `ci_queue_jobs`, and its labels; docs/metrics.md lists them.
   * @param name its Prometheus name
   * @param labels a value for each label that becomes a dimension
   * @param options of CloudWatch
   * @throws an error when this configuration does not publish it, saying what to use instead
   */
  public metric(name: string, labels: Record<string, string>, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.implementation.metricByName(name, labels, options);
  }

  /**
   * Jobs of a queue that could start now and wait for a worker.
   * @param queue which one
   * @param options of CloudWatch
   */
  public metricQueuedJobs(queue: QueueOfSource, options?: cloudwatch.MetricOptions): cloudwatch.IMetric {
    return this.implementation.metricQueuedJobs(queue, options);
  }

  /**
   * Queued jobs of a queue in which no worker is idle or busy.
   * @param queue which one
   * @param options of CloudWatch
   */
  public metricStarvedJobs(queue: QueueOfSource, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.implementation.metricStarvedJobs(queue, options);
  }

  /**
   * Jobs of a queue that run now.
   * @param queue which one
   * @param options of CloudWatch
   */
  public metricRunningJobs(queue: QueueOfSource, options?: cloudwatch.MetricOptions): cloudwatch.IMetric {
    return this.implementation.metricRunningJobs(queue, options);
  }

  /**
   * Workers of a queue that do nothing.
   * @param queue which one
   * @param options of CloudWatch
   */
  public metricIdleWorkers(queue: QueueOfSource, options?: cloudwatch.MetricOptions): cloudwatch.IMetric {
    return this.implementation.metricIdleWorkers(queue, options);
  }

  /**
   * Workers of a queue that run a job.
   * @param queue which one
   * @param options of CloudWatch
   */
  public metricBusyWorkers(queue: QueueOfSource, options?: cloudwatch.MetricOptions): cloudwatch.IMetric {
    return this.implementation.metricBusyWorkers(queue, options);
  }

  /**
   * Busy workers in percent of all that are idle or busy.
   * @param queue which one
   * @param options of CloudWatch
   */
  public metricWorkerUtilization(queue: QueueOfSource, options?: cloudwatch.MetricOptions): cloudwatch.IMetric {
    return this.implementation.metricWorkerUtilization(queue, options);
  }

  /**
   * 1 when the last poll of a source gave everything.
   * @param source its name
   * @param options of CloudWatch
   */
  public metricSourceUp(source: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.implementation.metricSourceUp(source, options);
  }

  /**
   * 1 when a sink accepted everything.
   * @param sink its name
   * @param options of CloudWatch
   */
  public metricSinkUp(sink: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.implementation.metricSinkUp(sink, options);
  }

  /**
   * Problems of the last run of a source or sink.
   * @param component its kind and name, as `buildkite/main`
   * @param options of CloudWatch
   */
  public metricProblems(component: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.implementation.metricProblems(component, options);
  }

  /**
   * Sets the capacity of a group to what the queued and running jobs of a queue need, between its own minimum and
   * maximum. Without figures the capacity stays.
   * @param group serves this queue alone, and nothing else scales it
   * @param queue which one
   * @param options how many agents an instance has, and how instances go
   * @throws an error for a group that would end busy agents, with the remedy
   */
  public scaleAutoScalingGroup(
    group: autoscaling.AutoScalingGroup,
    queue: QueueOfSource,
    options?: GroupScalingOptions,
  ): void {
    this.implementation.scaleAutoScalingGroup(group, queue, options);
  }

  /**
   * Sets the task count of a service to what the queued and running jobs of a queue need. Without figures it stays.
   * @param service serves this queue alone, and nothing else scales it
   * @param queue which one
   * @param options how many tasks there may be, and how many agents each has
   */
  public scaleEcsService(service: ecs.BaseService, queue: QueueOfSource, options: ServiceScalingOptions): void {
    this.implementation.scaleEcsService(service, queue, options);
  }
}

interface FrozenSecret extends Omit<CollectorSecret, 'arns' | 'keys'> {
  readonly arns: readonly string[];
  readonly keys: readonly string[];
}

/** Other languages have no lists that cannot be changed. */
function copySecret(secret: FrozenSecret): CollectorSecret {
  return { ...secret, arns: [...secret.arns], keys: [...secret.keys] };
}
