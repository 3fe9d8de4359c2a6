/** Plans the alarms on workflows of Chainloop that are down. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { workflowDown, workflowUp } from '../../lambda/sources/chainloop/metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { hasSink, limitToReach } from './reach.ts';
import { formatInsightsQuery } from '../metrics/insights-query.ts';
import { chooseAgeWindow, chooseWindow, chooseQueryWindow, findQueryCut, formatWindow } from './windows.ts';
import { isTaken, chooseReading } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';
import { buildLevelReading } from '../metrics/promql-reading.ts';
import { findPublishedMetrics } from '../metrics/published-metrics.ts';
import { chooseScheduleRate } from '../settings.ts';
import { describeGraph } from './where-to-look.ts';

/** Alarms on workflows of Chainloop that have been down for long. */
export function planWorkflowAlarms(all: Prepared, region: string): readonly AlarmPlan[] {
  const prepared = limitToReach(all, region);
  if (!hasSink(prepared)) return [];
  return prepared.sources.flatMap((source) => {
    if (source.metrics.includes(workflowDown)) return planDown(prepared, source);
    return source.metrics.includes(workflowUp) ? planRelayedDown(prepared, source) : [];
  });
}

function describeDown({ name }: PreparedSource, howLong: string, which: string): string {
  return `A workflow of source "${name}" has had no successful attestation for ${howLong} after one that failed, expired or was cancelled, so what is built meanwhile has none. ${which} Open its last run in Chainloop: a policy gate, a missing material, or a CI job that died before it pushed.`;
}

/** The time is in the value, so that a poll that fails does not start it anew. */
function planDown(prepared: Prepared, source: PreparedSource): readonly AlarmPlan[] {
  const labels = { system: source.system, source: source.name };
  if (!isTaken(prepared, workflowDown, labels)) return [];
  const minutes = prepared.config.alarms.workflowDownMinutes;
  return [
    {
      name: `workflow-down/${source.name}`,
      description: describeDown(
        source,
        `${String(minutes)} minutes`,
        `${describeGraph(prepared, 'Workflows that are down', workflowDown)} names it.`,
      ),
      metric: chooseReading(prepared, workflowDown, labels),
      when: 'above',
      threshold: minutes * 60,
      window: chooseAgeWindow(1, prepared.config),
      silence: 'kept',
    },
  ];
}

/** The server's own page says only whether a workflow is up, for each of them. */
function planRelayedDown(prepared: Prepared, source: PreparedSource): readonly AlarmPlan[] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return planDownByOtlp(prepared, source);
  const published = findPublishedMetrics(prepared, sink).find(({ definition }) => definition === workflowUp);
  if (published === undefined) return [];
  const minutes = prepared.config.alarms.workflowDownMinutes;
  const window = chooseQueryWindow(minutes, prepared.config);
  return [
    {
      name: `workflow-down/${source.name}`,
      description: describeDown(
        source,
        formatWindow(window, prepared.config),
        'The contributors of this alarm name it.',
      ),
      metric: new cloudwatch.MathExpression({
        expression: formatInsightsQuery({
          ...published,
          groups: ['Source', 'Org', 'Workflow', 'Runner'],
          worst: 'lowest',
          where: { ...published.own, Source: source.name },
        }),
        usingMetrics: {},
        label: 'Workflow is up',
        period: chooseScheduleRate(prepared.config),
      }),
      when: 'below',
      threshold: 1,
      window,
      cut: findQueryCut(minutes, prepared.config),
      silence: 'kept',
      contributors: { kind: 'workflows', source: source.name },
    },
  ];
}

function planDownByOtlp(prepared: Prepared, source: PreparedSource): readonly AlarmPlan[] {
  const [sink] = prepared.otlpSinks;
  if (sink === undefined || !isTaken(prepared, workflowUp, {})) return [];
  const window = chooseWindow(prepared.config.alarms.workflowDownMinutes, prepared.config);
  return [
    {
      name: `workflow-down/${source.name}`,
      description: describeDown(
        source,
        formatWindow(window, prepared.config),
        'The contributors of this alarm name it.',
      ),
      metric: buildLevelReading(prepared, sink, workflowUp, {
        labels: { source: source.name },
        by: ['source', 'org', 'workflow', 'runner'],
        source: source.name,
      }),
      when: 'below',
      threshold: 1,
      window,
      silence: 'kept',
      contributors: { kind: 'workflows', source: source.name },
    },
  ];
}
