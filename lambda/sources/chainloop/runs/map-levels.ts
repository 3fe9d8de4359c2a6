import { gauge, type GaugeFamily } from '../../../model/metric.ts';
import { labelValue } from '../../../model/text/labels.ts';
import { runsActive, runsStuck } from '../../../model/catalogue/run-metrics.ts';
import { type MapOptions, pipelineOf } from './finish.ts';
import type { WorkflowName, WorkflowRun } from '../grpc-web/messages.ts';
import { workflowDown, workflowUp } from '../metrics.ts';
import { stuckMs } from './read-runs.ts';
import { type Verdicts, workflowKey } from './workflow-health.ts';

/** Runs that have not ended, by workflow; 0 for the other known workflows. */
export function activeFamilies(
  open: readonly WorkflowRun[],
  known: readonly WorkflowName[],
  tickMs: number,
  { source }: MapOptions,
): readonly GaugeFamily[] {
  const counts = new Map<string, { workflow: WorkflowName; active: number; stuck: number }>();
  const entryOf = (workflow: WorkflowName) => {
    const key = workflowKey(workflow);
    const entry = counts.get(key) ?? { workflow, active: 0, stuck: 0 };
    counts.set(key, entry);
    return entry;
  };
  known.forEach(entryOf);
  for (const { workflow, createdMs } of open) {
    const entry = entryOf(workflow);
    entry.active += 1;
    if (createdMs < tickMs - stuckMs) entry.stuck += 1;
  }
  const placed = [...counts.values()].map(({ workflow, ...figures }) => ({
    labels: pipelineOf(workflow, source),
    ...figures,
  }));
  return [
    gauge(
      runsActive,
      placed.map(({ labels, active }) => ({ labels: { ...labels, state: 'executing' }, value: active })),
    ),
    gauge(
      runsStuck,
      placed.map(({ labels, stuck }) => ({ labels, value: stuck })),
    ),
  ];
}

/** How each workflow stands, by its last ended run. */
export function verdictFamilies(
  workflows: readonly WorkflowName[],
  verdicts: Verdicts,
  tickMs: number,
  options: MapOptions,
): readonly GaugeFamily[] {
  const judged = workflows.flatMap((workflow) => {
    const verdict = verdicts.get(workflowKey(workflow));
    return verdict === undefined ? [] : [{ workflow, ...verdict }];
  });
  const down = gauge(
    workflowDown,
    judged.map(({ workflow, isUp, sinceMs }) => ({
      labels: pipelineOf(workflow, options.source),
      value: isUp ? 0 : Math.max(0, tickMs - sinceMs) / 1000,
    })),
  );
  return options.compat ? [down, upFamily(judged, options)] : [down];
}

/**
 * Chainloop's own gauge has no label for the project: of two workflows with one name the last to be updated wins there.
 * Here the one that is down does, so that it cannot hide.
 */
function upFamily(
  judged: readonly { readonly workflow: WorkflowName; readonly isUp: boolean; readonly runner: string }[],
  { organization: org }: MapOptions,
): GaugeFamily {
  const series = new Map<string, { labels: Record<'org' | 'workflow' | 'runner', string>; value: number }>();
  for (const { workflow, isUp, runner } of judged) {
    const labels = { org, workflow: labelValue(workflow.name) ?? 'none', runner };
    const key = JSON.stringify([labels.workflow, runner]);
    const value = Math.min(isUp ? 1 : 0, series.get(key)?.value ?? 1);
    series.set(key, { labels, value });
  }
  return gauge(workflowUp, [...series.values()]);
}
