/** Maps open runs and the health of workflows to levels. */
import { buildGauge, type GaugeFamily } from '../../../model/metric.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { runsActive, runsStuck } from '../../../model/catalogue/run-metrics.ts';
import { type MapOptions, mapPipelineLabels } from './finish.ts';
import type { WorkflowName, WorkflowRun } from '../grpc-web/messages.ts';
import { workflowDown, type WorkflowLabel, workflowUp } from '../metrics.ts';
import { stuckMs } from './read-runs.ts';
import { type HealthByWorkflow, formatWorkflowKey } from './workflow-health.ts';

/** Runs that have not ended, by workflow; 0 for the other known workflows. */
export function mapOpenRuns(
  open: readonly WorkflowRun[],
  workflows: readonly WorkflowName[],
  tickMs: number,
  { source }: MapOptions,
): readonly GaugeFamily[] {
  const counts = new Map<string, { workflow: WorkflowName; active: number; stuck: number }>();
  const getEntry = (workflow: WorkflowName) => {
    const key = formatWorkflowKey(workflow);
    const entry = counts.get(key) ?? { workflow, active: 0, stuck: 0 };
    counts.set(key, entry);
    return entry;
  };
  workflows.forEach(getEntry);
  for (const { workflow, createdMs } of open) {
    const entry = getEntry(workflow);
    entry.active += 1;
    if (createdMs < tickMs - stuckMs) entry.stuck += 1;
  }
  const labelled = [...counts.values()].map(({ workflow, ...figures }) => ({
    labels: mapPipelineLabels(workflow, source),
    ...figures,
  }));
  return [
    buildGauge(
      runsActive,
      labelled.map(({ labels, active }) => ({ labels: { ...labels, state: 'executing' }, value: active })),
    ),
    buildGauge(
      runsStuck,
      labelled.map(({ labels, stuck }) => ({ labels, value: stuck })),
    ),
  ];
}

/** How each workflow stands, by its last ended run. */
export function mapWorkflowHealth(
  workflows: readonly WorkflowName[],
  healthByWorkflow: HealthByWorkflow,
  tickMs: number,
  options: MapOptions,
): readonly GaugeFamily[] {
  const judged = workflows.flatMap((workflow) => {
    const health = healthByWorkflow.get(formatWorkflowKey(workflow));
    return health === undefined ? [] : [{ workflow, ...health }];
  });
  const down = buildGauge(
    workflowDown,
    judged.map(({ workflow, isUp, sinceMs }) => ({
      labels: mapPipelineLabels(workflow, options.source),
      value: isUp ? 0 : Math.max(0, tickMs - sinceMs) / 1000,
    })),
  );
  return options.compat ? [down, mapUp(judged, options)] : [down];
}

/**
 * Chainloop's own gauge has no label for the project: of two workflows with one name the last to be updated wins there.
 * Here the one that is down does, so that it cannot hide.
 */
function mapUp(
  judged: readonly { readonly workflow: WorkflowName; readonly isUp: boolean; readonly runner: string }[],
  { source, organization: org }: MapOptions,
): GaugeFamily {
  const series = new Map<string, { labels: Readonly<Record<WorkflowLabel, string>>; value: number }>();
  for (const { workflow, isUp, runner } of judged) {
    const labels = { source, org, workflow: makeLabelValue(workflow.name) ?? 'none', runner };
    const key = JSON.stringify([labels.workflow, runner]);
    const value = Math.min(isUp ? 1 : 0, series.get(key)?.value ?? 1);
    series.set(key, { labels, value });
  }
  return buildGauge(workflowUp, [...series.values()]);
}
