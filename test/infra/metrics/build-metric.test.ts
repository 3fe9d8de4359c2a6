/** Tests of the CloudWatch metrics that the construct offers to an app that uses it. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { CiMetricsCollector } from '../../../infra/ci-metrics-collector.ts';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';
import { queueJobs, starvedJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import type { MetricDefinition } from '../../../lambda/model/metric.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { configOf, foreignStack, inlineCode } from '../synthesis.ts';

function collectorOf(
  change: Partial<CollectorConfig> = {},
  variant: 'minimal' | 'imported-secrets' = 'minimal',
): CiMetricsCollector {
  const stack = foreignStack();
  return new CiMetricsCollector(stack, 'Collector', {
    config: { ...configOf(variant), ...change },
    code: inlineCode(),
  });
}

function vendorMetric(name: string): MetricDefinition {
  const found = sources.flatMap(({ metrics }) => metrics).find((definition) => definition.name === name);
  if (found === undefined) throw new Error(`Buildkite has no ${name}`);
  return found;
}

const queue = { source: 'buildkite', scope: 'production', queue: 'default' };
const dimensions = { System: 'buildkite', Source: 'buildkite', Scope: 'production', Queue: 'default' };

describe('the metrics that the construct offers', () => {
  const collector = collectorOf({ sinks: [{ kind: 'cloudwatch' }] }, 'imported-secrets');

  it.each([
    ['metricQueuedJobs', collector.metricQueuedJobs(queue), 'QueuedJobs', 'Maximum'],
    ['metricRunningJobs', collector.metricRunningJobs(queue), 'RunningJobs', 'Maximum'],
    ['metricStarvedJobs', collector.metricStarvedJobs(queue), 'StarvedJobs', 'Maximum'],
    ['metricIdleWorkers', collector.metricIdleWorkers(queue), 'IdleWorkers', 'Maximum'],
    ['metricBusyWorkers', collector.metricBusyWorkers(queue), 'BusyWorkers', 'Maximum'],
    ['metricWorkerUtilization', collector.metricWorkerUtilization(queue), 'WorkerUtilization', 'Average'],
  ])('%s has the dimensions of its queue', (_, metric, name, statistic) => {
    expect(metric).toMatchObject({ namespace: 'CI', metricName: name, statistic, dimensions, unit: undefined });
    expect(metric.period.toSeconds()).toBe(300);
  });

  it.each([
    ['metricSourceUp', collector.metricSourceUp('buildkite'), 'SourceUp', { System: 'buildkite', Source: 'buildkite' }],
    ['metricSinkUp', collector.metricSinkUp('cloudwatch'), 'SinkUp', { Sink: 'cloudwatch' }],
    [
      'metricProblems',
      collector.metricProblems('buildkite/buildkite'),
      'Problems',
      { Component: 'buildkite/buildkite' },
    ],
  ])('%s is the collector’s own', (_, metric, name, own) => {
    expect(metric).toMatchObject({ namespace: 'CI/Collector', metricName: name, dimensions: own });
  });

  it('take options of CloudWatch', () => {
    expect(collector.metricQueuedJobs(queue, { statistic: 'Average', label: 'Queue' })).toMatchObject({
      statistic: 'Average',
      label: 'Queue',
    });
  });
});

describe('the metrics of a queue that Buildkite’s own names stand for', () => {
  const shipped = collectorOf();

  it.each([
    ['metricQueuedJobs', shipped.metricQueuedJobs(queue), 'MAX', 'ScheduledJobsCount'],
    ['metricRunningJobs', shipped.metricRunningJobs(queue), 'MAX', 'RunningJobsCount'],
    ['metricIdleWorkers', shipped.metricIdleWorkers(queue), 'MAX', 'IdleAgentCount'],
    ['metricBusyWorkers', shipped.metricBusyWorkers(queue), 'MAX', 'BusyAgentCount'],
    ['metricWorkerUtilization', shipped.metricWorkerUtilization(queue), 'MAX', 'BusyAgentPercentage'],
  ])('%s is a query where only the API knows the organization', (_, metric, aggregate, name) => {
    expect(metric).toMatchObject({
      expression: `SELECT ${aggregate}(${name}) FROM SCHEMA("Buildkite", Cluster, Org, Queue) WHERE Cluster = 'production' AND Queue = 'default'`,
      usingMetrics: {},
      label: name,
    });
    expect(metric.period.toSeconds()).toBe(60);
  });

  it('are metrics where the organization is known', () => {
    const source = {
      ...configOf('minimal').sources[0],
      kind: 'buildkite',
      organization: 'acme',
      apiToken: { secret: 'api' },
    };
    const configured = collectorOf({ sources: [source] });
    const expected = {
      namespace: 'Buildkite',
      metricName: 'ScheduledJobsCount',
      dimensions: { Org: 'acme', Cluster: 'production', Queue: 'default' },
    };

    expect(configured.metricQueuedJobs(queue)).toMatchObject(expected);
    expect(shipped.metricQueuedJobs({ ...queue, organization: 'acme' })).toMatchObject(expected);
    expect(shipped.metricQueuedJobs({ ...queue, organization: 'acme', scope: 'unclustered' })).toMatchObject({
      dimensions: { Org: 'acme', Queue: 'default' },
    });
  });

  it('leave out the cluster that agents without one do not have', () => {
    expect(shipped.metricIdleWorkers({ ...queue, scope: 'unclustered' })).toMatchObject({
      expression: `SELECT MAX(IdleAgentCount) FROM SCHEMA("Buildkite", Org, Queue) WHERE Queue = 'default'`,
    });
  });

  it('have the dimensions, the Region and the options of whoever asks', () => {
    const sink = { kind: 'cloudwatch' as const, dimensions: { Environment: 'production' }, region: 'us-east-1' };

    expect(collectorOf({ sinks: [sink] }).metricQueuedJobs(queue, { statistic: 'Average', label: 'Q' })).toMatchObject({
      expression:
        `SELECT AVG(ScheduledJobsCount) FROM SCHEMA("Buildkite", Cluster, Environment, Org, Queue) ` +
        `WHERE Environment = 'production' AND Cluster = 'production' AND Queue = 'default'`,
      searchRegion: 'us-east-1',
      label: 'Q',
    });
  });

  it('are the neutral ones where a sink takes those alone', () => {
    const exclude = { metrics: { exclude: ['ScheduledJobsCount'] } };
    const second = collectorOf({ sinks: [{ kind: 'cloudwatch' }, { kind: 'cloudwatch', name: 'b', ...exclude }] });

    expect(second.metricQueuedJobs(queue)).toMatchObject({ namespace: 'CI', metricName: 'QueuedJobs' });
  });

  it('become alarms', () => {
    const metric = shipped.metricQueuedJobs(queue);

    const alarm = new cloudwatch.Alarm(shipped, 'Many', { metric, threshold: 5, evaluationPeriods: 1 });

    expect(Stack.of(shipped).resolve((alarm.node.defaultChild as cloudwatch.CfnAlarm).metrics)).toMatchObject([
      { expression: expect.stringContaining('SELECT MAX(ScheduledJobsCount)') as unknown, returnData: true },
    ]);
  });

  it.each([
    ['a statistic that queries lack', () => shipped.metricQueuedJobs(queue, { statistic: 'p90' }), /not p90; give/],
    ['a name with a quote', () => shipped.metricQueuedJobs({ ...queue, queue: "a'b" }), /"a'b" cannot stand in/],
  ])('refuse %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('metric', () => {
  it('finds the total of a source by fewer labels', () => {
    const metric = collectorOf().metric(starvedJobs, { system: 'buildkite', source: 'buildkite' });

    expect(metric.dimensions).toEqual({ System: 'buildkite', Source: 'buildkite' });
  });

  it.each([
    [
      { org: 'acme', cluster: 'production', queue: 'default' },
      { Org: 'acme', Cluster: 'production', Queue: 'default' },
    ],
    [
      { org: 'acme', queue: 'default' },
      { Org: 'acme', Queue: 'default' },
    ],
    [
      { org: 'acme', cluster: '', queue: 'default' },
      { Org: 'acme', Queue: 'default' },
    ],
  ])('gives the vendor’s metric for %j', (labels, expected) => {
    const metric = collectorOf().metric(vendorMetric('buildkite_queues_scheduled_jobs_count'), labels);

    expect(metric).toMatchObject({ namespace: 'Buildkite', metricName: 'ScheduledJobsCount', dimensions: expected });
  });

  it('adds the operator’s dimensions, but none to a bare total', () => {
    const collector = collectorOf({ sinks: [{ kind: 'cloudwatch', dimensions: { Environment: 'production' } }] });

    expect(collector.metricStarvedJobs(queue).dimensions).toEqual({ ...dimensions, Environment: 'production' });
    expect(collector.metric(vendorMetric('buildkite_total_idle_agent_count'), {}).dimensions).toEqual({});
  });

  it('names the Region of the sink', () => {
    const collector = collectorOf({ sinks: [{ kind: 'cloudwatch', region: 'us-east-1' }] });

    expect(collector.metricStarvedJobs(queue).region).toBe('us-east-1');
  });

  it('writes other characters as the sink does', () => {
    expect(collectorOf().metricStarvedJobs({ ...queue, queue: 'größe' }).dimensions).toMatchObject({
      Queue: 'gr%C3%B6%C3%9Fe',
    });
  });
});

describe('a metric that is not published', () => {
  const none: Partial<CollectorConfig> = { sinks: [{ kind: 'stdout' }] };
  const denied: Partial<CollectorConfig> = {
    sinks: [{ kind: 'cloudwatch', metrics: { exclude: ['QueuedJobs', 'ScheduledJobsCount'] } }],
  };
  const labels = { system: 'buildkite', source: 'buildkite', scope: 'a', queue: 'b' };

  it.each<[string, () => unknown, RegExp]>([
    [
      'because the vendor’s stands for it',
      () => collectorOf().metric(queueJobs, { ...labels, state: 'queued' }),
      /QueuedJobs is published under the vendor's own name ScheduledJobsCount instead; use the metric buildkite_queues_scheduled_jobs_count, or set compat: false/,
    ],
    ['because no sink is there', () => collectorOf(none).metricStarvedJobs(queue), /needs a sink of kind cloudwatch/],
    [
      'because it is left out',
      () => collectorOf(denied).metricQueuedJobs(queue),
      /left out by "metrics" of the cloudwatch sink/,
    ],
    [
      'because there is no such source',
      () => collectorOf().metricQueuedJobs({ ...queue, source: 'main' }),
      /there is no source named "main"; configured: "buildkite"/,
    ],
    [
      'because a label is missing',
      () => collectorOf().metric(starvedJobs, { source: 'buildkite' }),
      /is published with the labels \{system, source, scope, queue\} or \{system, source\}, not with \{source\}/,
    ],
    [
      'because a label has no such value',
      () => collectorOf().metric(queueJobs, { ...labels, state: 'lost' }),
      /one CloudWatch metric for each "state"/,
    ],
  ])('is refused %s, with the remedy', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('the construct', () => {
  it('wants one configuration, as a value or as a file', () => {
    const code = inlineCode();

    expect(() => new CiMetricsCollector(foreignStack(), 'None', { code })).toThrow(/either config or configFile/);
    expect(
      () =>
        new CiMetricsCollector(foreignStack(), 'Both', {
          code,
          config: configOf('minimal'),
          configFile: 'collector.yaml',
        }),
    ).toThrow(/either config or configFile/);
  });

  it('reads a file, and tells what is wrong in it', () => {
    const file = 'test/fixtures/infra/everything/collector.yaml';

    expect(
      new CiMetricsCollector(foreignStack(), 'Good', { code: inlineCode(), configFile: file }).config.collector,
    ).toBe('everything');
    expect(
      () => new CiMetricsCollector(foreignStack(), 'Bad', { code: inlineCode(), configFile: 'package.json' }),
    ).toThrow(/package\.json has \d+ problems/);
  });
});
