import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { workflowDown, workflowUp } from '../../lambda/sources/chainloop/metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { hasSink, inReachOf } from './reach.ts';
import { insightsQuery } from '../metrics/insights-query.ts';
import { within, withinQuery } from './windows.ts';
import { isTaken, readingOf } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { levelReading } from '../metrics/promql-reading.ts';
import { publishedMetrics } from '../metrics/published-metrics.ts';
import { scheduleRate } from '../settings.ts';
import { whereToLook } from './where-to-look.ts';

/** Alarms on workflows of Chainloop that have been down for long. */
export function workflowPlans(all: Prepared, region: string): readonly AlarmPlan[] {
  const prepared = inReachOf(all, region);
  if (!hasSink(prepared)) return [];
  return prepared.sources.flatMap((source) => {
    if (source.metrics.includes(workflowDown)) return downPlans(prepared, source);
    return source.metrics.includes(workflowUp) ? relayedDownPlan(prepared, source) : [];
  });
}

function descriptionOf({ name }: PreparedSource, minutes: number, which: string): string {
  return `A workflow of source "${name}" has had no successful attestation for ${String(minutes)} minutes after one that failed, expired or was cancelled, so what is built meanwhile has none. ${which} Open its last run in Chainloop: a policy gate, a missing material, or a CI job that died before it pushed.`;
}

/** The time is in the value, so that a poll that fails does not start it anew. */
function downPlans(prepared: Prepared, source: PreparedSource): readonly AlarmPlan[] {
  const labels = { system: source.system, source: source.name };
  if (!isTaken(prepared, workflowDown, labels)) return [];
  const minutes = prepared.config.alarms.workflowDownMinutes;
  return [
    {
      name: `workflow-down/${source.name}`,
      description: descriptionOf(
        source,
        minutes,
        `${whereToLook(prepared, 'Workflows that are down', workflowDown)} names it.`,
      ),
      metric: readingOf(prepared, workflowDown, labels),
      when: 'above',
      threshold: minutes * 60,
      window: within(1, prepared.config),
      silence: 'kept',
    },
  ];
}

/** The server's own page says only whether a workflow is up, for each of them. */
function relayedDownPlan(prepared: Prepared, source: PreparedSource): readonly AlarmPlan[] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return downPlanByOtlp(prepared, source);
  const published = publishedMetrics(prepared, sink).find(({ definition }) => definition === workflowUp);
  if (published === undefined) return [];
  const minutes = prepared.config.alarms.workflowDownMinutes;
  return [
    {
      name: `workflow-down/${source.name}`,
      description: descriptionOf(source, minutes, 'The contributors of this alarm name it.'),
      metric: new cloudwatch.MathExpression({
        expression: insightsQuery({
          ...published,
          groups: ['Org', 'Workflow', 'Runner'],
          worst: 'lowest',
          where: published.own,
        }),
        usingMetrics: {},
        label: 'Workflow is up',
        period: scheduleRate(prepared.config),
      }),
      when: 'below',
      threshold: 1,
      window: withinQuery(minutes, prepared.config),
      silence: 'kept',
    },
  ];
}

function downPlanByOtlp(prepared: Prepared, source: PreparedSource): readonly AlarmPlan[] {
  const [sink] = prepared.otlpSinks;
  if (sink === undefined || !isTaken(prepared, workflowUp, {})) return [];
  const minutes = prepared.config.alarms.workflowDownMinutes;
  return [
    {
      name: `workflow-down/${source.name}`,
      description: descriptionOf(source, minutes, 'The contributors of this alarm name it.'),
      metric: levelReading(prepared, sink, workflowUp, {
        labels: {},
        by: ['org', 'workflow', 'runner'],
        source: source.name,
      }),
      when: 'below',
      threshold: 1,
      window: within(minutes, prepared.config),
      silence: 'kept',
    },
  ];
}
