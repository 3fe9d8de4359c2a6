/** The construct `CiMetricsCollector`: the whole collector, for a CDK app of one's own. */
import { readFileSync } from 'node:fs';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Schedule, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { parseConfig } from '../lambda/config/parse-config.ts';
import type { CollectorConfig } from '../lambda/config/schema.ts';
import { problemCount, sinkUp, sourceUp } from '../lambda/model/catalogue/collector-metrics.ts';
import { queueJobs, starvedJobs, workers, workerUtilization } from '../lambda/model/catalogue/queue-metrics.ts';
import type { Labels, MetricDefinition } from '../lambda/model/metric.ts';
import { acknowledgeAnyResource } from './acknowledge.ts';
import type { AlarmPlans } from './alarms/count-alarms.ts';
import { createAlarms } from './alarms/create-alarms.ts';
import { createFunction } from './function/collector-function.ts';
import { createDashboard } from './dashboard/create-dashboard.ts';
import { detectEmulation, findEnvironment } from './emulation.ts';
import { checkMemory } from './function/memory-check.ts';
import { warnOfIdleSettings } from './idle-settings.ts';
import { buildMetric, findSystem } from './metrics/build-metric.ts';
import { findDefinition } from './metrics/find-definition.ts';
import { buildQueueMetric, type QueueMetric, type QueueOfSource } from './metrics/queue-metric.ts';
import { connectEksClusters, type EksClusterAccess } from './access/eks-access.ts';
import { createEventFeeds, type WebhookOfSource } from './function/event-feeds.ts';
import {
  collectEksEntrances,
  findFedSources,
  type Prepared,
  prepare,
  collectSecretRefs,
  collectWebhookSecretRefs,
} from './prepared.ts';
import { createSchedule } from './function/schedule.ts';
import {
  type CollectorSecret,
  type CollectorSecrets,
  createSecrets,
  grantReadSecrets,
  selectSecrets,
} from './access/secrets.ts';
import type { ScalingCollector } from './scaling/needed-capacity.ts';
import { type GroupScalingOptions, scaleGroup } from './scaling/scale-group.ts';
import { scaleService, type ServiceScalingOptions } from './scaling/scale-service.ts';
import type { CollectorSettings } from './settings.ts';
import { collectAssumedRoles, grantAssumeRole, grantSinkAccess, collectSinkGrants } from './access/sink-access.ts';
import { connectStateTable, createStateTable } from './function/state-table.ts';

/** A configuration, as a file or checked already; `deployment:` and `alarms:` in it give what no property gives. */
export interface CiMetricsCollectorProps extends CollectorSettings {
  /** The checked configuration. Either this or `configFile`. */
  readonly config?: CollectorConfig;
  /** Path of a `collector.yaml`. Either this or `config`. */
  readonly configFile?: string;
}

/**
 * A scheduled function that reads CI systems and publishes their queues, workers and runs, with its secrets, rights,
 * dashboard and alarms.
 */
export class CiMetricsCollector extends Construct implements iam.IGrantable {
  readonly config: CollectorConfig;
  readonly function: lambda.Function;
  readonly logGroup: logs.ILogGroup;
  readonly schedule: Schedule;
  readonly scheduleGroup: ScheduleGroup;
  /** Runs that failed or could not be started. */
  readonly deadLetterQueue: sqs.Queue;
  /** What counters are kept in; undefined where no configured source counts anything over time. */
  readonly stateTable: dynamodb.Table | undefined;
  /** What every alarm tells. */
  readonly topic: sns.ITopic;
  readonly alarms: readonly cloudwatch.AlarmBase[];
  /** What the alarms are made from, as the price of the stack counts them. */
  readonly alarmPlans: AlarmPlans;
  /** Undefined where `deployment.dashboard` is `omit`. */
  readonly dashboard: cloudwatch.Dashboard | undefined;
  /** The secrets that the configuration refers to. */
  readonly secrets: readonly CollectorSecret[];
  /** URLs that CI systems have to post their events to. */
  readonly webhooks: readonly WebhookOfSource[];
  /** EKS clusters that the function enters with its role, and what has to be run once for it to be let in. */
  readonly eksClusters: readonly EksClusterAccess[];
  /** Roles that the configuration lets the function assume; each has to trust the function's own. */
  readonly assumedRoleArns: readonly string[];
  readonly grantPrincipal: iam.IPrincipal;
  readonly #prepared: Prepared;
  readonly #secrets: CollectorSecrets;
  /** The group that serves a queue, by the queue. */
  readonly #served = new Map<string, string>();

  constructor(scope: Construct, id: string, props: CiMetricsCollectorProps) {
    super(scope, id);
    this.config = loadConfig(this, props);
    const prepared = prepare(this.config);
    warnOfIdleSettings(this, this.config);
    checkMemory(this, prepared, props.memorySize ?? this.config.deployment.memoryMegabytes);
    const emulation = detectEmulation(this);
    const { fn, role, logGroup, deadLetterQueue, queueKey } = createFunction(this, this.config, props, emulation);
    const refs = collectSecretRefs(prepared);
    const secrets = createSecrets(this, [...refs, ...collectWebhookSecretRefs(prepared)], this.config, props);
    const own = selectSecrets(secrets, refs);
    grantReadSecrets(role, own);
    const fed = findFedSources(prepared);
    const { config } = this;
    this.webhooks = createEventFeeds(this, { config, fed, secrets, settings: props, fn, role, queueKey }).webhooks;
    this.eksClusters = connectEksClusters(role, collectEksEntrances(prepared), this.config.collector);
    const stateTable = createStateTable(this, prepared, props);
    if (stateTable !== undefined) connectStateTable(stateTable, fn, role);
    const grants = collectSinkGrants(prepared);
    grantSinkAccess(this, role, grants);
    this.assumedRoleArns = collectAssumedRoles(prepared, grants);
    grantAssumeRole(role, this.assumedRoleArns);
    acknowledgeAnyResource(role, [
      grants.some(({ kind }) => kind === 'put-metric-data') &&
        'PutMetricData has no resource; its namespaces are held.',
      grants.some(({ kind }) => kind === 'put-otlp-metrics') &&
        'PutMetricData by OTLP has neither a resource nor a namespace.',
      own.secrets.length > 1 && 'BatchGetSecretValue has no resource; it returns what GetSecretValue allows.',
      fn.isBoundToVpc && 'Network descriptions have no resource.',
      this.config.deployment.tracing === 'active' && 'X-Ray has no resource.',
    ]);
    const { schedule, group } = createSchedule(this, this.config, { fn, deadLetterQueue, queueKey });
    const watched = { fn, deadLetterQueue, scheduleGroup: group };
    const isEmulated = emulation !== undefined;
    const { topic, alarms, plans } = createAlarms(this, {
      prepared,
      watched,
      settings: props,
      logGroup,
      queueKey,
      isEmulated,
    });
    const isShown = this.config.deployment.dashboard === 'create';

    this.function = fn;
    this.grantPrincipal = role;
    this.logGroup = logGroup;
    this.deadLetterQueue = deadLetterQueue;
    this.stateTable = stateTable;
    this.schedule = schedule;
    this.scheduleGroup = group;
    this.topic = topic;
    this.alarms = alarms;
    this.alarmPlans = plans;
    this.dashboard = isShown ? createDashboard(this, { prepared, watched, logGroup, alarms }) : undefined;
    this.secrets = secrets.secrets;
    this.#prepared = prepared;
    this.#secrets = own;
    applyBoundary(this, this.config, props);
    for (const [key, value] of Object.entries(this.config.deployment.tags)) Tags.of(this).add(key, value);
  }

  /** Allows to read exactly the secrets and parameters that the configuration refers to. */
  grantReadSecrets(grantee: iam.IGrantable): void {
    grantReadSecrets(grantee, this.#secrets);
  }

  /**
   * Any metric of the catalogue or of a vendor's own names, by its labels.
   * @throws Error when this configuration does not publish it, saying what to use instead.
   */
  metric(definition: MetricDefinition, labels: Labels, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return buildMetric(this.#prepared, definition, labels, options);
  }

  /**
   * Any metric by its Prometheus name, such as `ci_queue_jobs`.
   * @throws Error for a name that this configuration does not know, or when it does not publish the metric.
   */
  metricByName(name: string, labels: Labels, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(findDefinition(this.#prepared, name), labels, options);
  }

  /** Jobs of a queue that could start now and wait for a worker. */
  metricQueuedJobs(queue: QueueOfSource, options?: cloudwatch.MetricOptions): QueueMetric {
    return buildQueueMetric(this.#prepared, queueJobs, { ...queue, state: 'queued' }, options);
  }

  /** Queued jobs of a queue in which no worker is idle or busy. */
  metricStarvedJobs({ source, scope, queue }: QueueOfSource, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(starvedJobs, { system: findSystem(this.#prepared, source), source, scope, queue }, options);
  }

  /** Jobs of a queue that run now. */
  metricRunningJobs(queue: QueueOfSource, options?: cloudwatch.MetricOptions): QueueMetric {
    return buildQueueMetric(this.#prepared, queueJobs, { ...queue, state: 'running' }, options);
  }

  /** Workers of a queue that do nothing. */
  metricIdleWorkers(queue: QueueOfSource, options?: cloudwatch.MetricOptions): QueueMetric {
    return buildQueueMetric(this.#prepared, workers, { ...queue, state: 'idle' }, options);
  }

  /** Workers of a queue that run a job. */
  metricBusyWorkers(queue: QueueOfSource, options?: cloudwatch.MetricOptions): QueueMetric {
    return buildQueueMetric(this.#prepared, workers, { ...queue, state: 'busy' }, options);
  }

  /** Busy workers in percent of all that are idle or busy. */
  metricWorkerUtilization(queue: QueueOfSource, options?: cloudwatch.MetricOptions): QueueMetric {
    return buildQueueMetric(this.#prepared, workerUtilization, queue, options);
  }

  /** 1 when the last poll of a source gave everything. */
  metricSourceUp(source: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(sourceUp, { system: findSystem(this.#prepared, source), source }, options);
  }

  /** 1 when a sink accepted everything. */
  metricSinkUp(sink: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(sinkUp, { sink }, options);
  }

  /** Problems of the last run of a source or sink, named `<kind>/<name>`. */
  metricProblems(component: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(problemCount, { component }, options);
  }

  /**
   * Sets the capacity of a group to what the queued and running jobs of a queue need; without figures it stays.
   * @throws Error for a group that would end busy agents, or that somebody else scales, with the remedy.
   */
  scaleAutoScalingGroup(
    group: autoscaling.AutoScalingGroup,
    queue: QueueOfSource,
    options: GroupScalingOptions = {},
  ): void {
    scaleGroup(this.#describeScaling(), group, queue, options);
  }

  /**
   * Sets the task count of a service to what the queued and running jobs of a queue need; without figures it stays.
   * @throws Error for a service that somebody else scales, with the remedy.
   */
  scaleEcsService(service: ecs.BaseService, queue: QueueOfSource, options: ServiceScalingOptions): void {
    scaleService(this.#describeScaling(), service, queue, options);
  }

  #describeScaling(): ScalingCollector {
    return { scope: this, prepared: this.#prepared, served: this.#served };
  }
}

function loadConfig(scope: Construct, { config, configFile }: CiMetricsCollectorProps): CollectorConfig {
  if (config !== undefined && configFile === undefined) return config;
  if (config === undefined && configFile !== undefined) {
    return parseConfig(readFileSync(configFile, 'utf8'), { file: configFile, environment: findEnvironment(scope) });
  }
  throw new Error('give CiMetricsCollector either config or configFile');
}

function applyBoundary(scope: Construct, { deployment }: CollectorConfig, props: CollectorSettings): void {
  const { permissionsBoundaryArn: arn } = deployment;
  const boundary =
    props.permissionsBoundary ??
    (arn === undefined ? undefined : iam.ManagedPolicy.fromManagedPolicyArn(scope, 'Boundary', arn));
  if (boundary !== undefined) iam.PermissionsBoundary.of(scope).apply(boundary);
}
