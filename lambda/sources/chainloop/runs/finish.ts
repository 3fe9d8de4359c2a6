/** Finishes a workflow run: what it adds to counters, histograms, log lines and traces. */
import { buildMarks } from '../../../counters/marks.ts';
import type { Count, Finish, Observation } from '../../../counters/finish.ts';
import { finishedLine } from '../../../counters/finished-line.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { runDuration, runsFinished, systemErrors } from '../../../model/catalogue/run-metrics.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import type { Span } from '../../../model/span.ts';
import type { PolicySummary, Run, RunStatus, WorkflowName } from '../grpc-web/messages.ts';
import {
  type CompatStatus,
  policyResults,
  type PolicyVerdict,
  policyViolations,
  workflowRunDuration,
} from '../metrics.ts';
import type { PipelineLabel } from '../../../model/catalogue/identity-labels.ts';
import type { Labels } from '../../../model/metric.ts';

export interface MapOptions {
  /** The operator's name of the source. */
  readonly source: string;
  readonly organization: string;
  /** Whether runs are also published under Chainloop's own names. */
  readonly compat: boolean;
}

export type PipelineLabels = Labels<PipelineLabel>;

/** Value of `branch`: Chainloop knows the commit of an attestation, its list of runs does not. */
export const noBranch = 'none';

export function mapPipelineLabels({ name, project }: WorkflowName, source: string): PipelineLabels {
  return {
    system: 'chainloop',
    source,
    scope: makeLabelValue(project) ?? 'none',
    pipeline: makeLabelValue(name) ?? 'none',
  };
}

/** Undefined while a run has not ended. */
export function mapResult({ status, finishedMs }: Pick<Run, 'status' | 'finishedMs'>): Result | undefined {
  if (status === 'unspecified' || status === 'unknown') return finishedMs === undefined ? undefined : 'other';
  return results[status];
}

const results: Readonly<Record<Exclude<RunStatus, 'unspecified' | 'unknown'>, Result | undefined>> = {
  initialized: undefined,
  succeeded: 'success',
  failed: 'failure',
  // The CI job died in the middle of its attestation: not the attestation failed, but what should have made it.
  expired: 'error',
  cancelled: 'cancellation',
};

const compatStatuses: Partial<Readonly<Record<RunStatus, CompatStatus>>> = {
  succeeded: 'success',
  failed: 'error',
  expired: 'expired',
  cancelled: 'canceled',
};

/** A run with its end, which expired ones do not have of their own. */
export interface EndedRun extends Run {
  readonly workflow: WorkflowName;
  /** When it ended, or was first seen to have. Epoch milliseconds. */
  readonly endedMs: number;
  readonly result: Result;
}

export function finishRun(run: EndedRun, options: MapOptions): Finish {
  const labels = mapPipelineLabels(run.workflow, options.source);
  const span = mapSpan(run, labels);
  return {
    // A workflow run has no second attempt.
    key: run.id,
    finishedMs: run.endedMs,
    createdMs: run.createdMs,
    counts: buildCounts(run, labels),
    observations: buildObservations(run, labels, options),
    marks: buildMarks({ ...labels, branch: noBranch }, run.result, run.endedMs),
    line: buildLine(run, span, options),
    spans: [span],
  };
}

function buildCounts({ result, status, policy }: EndedRun, labels: PipelineLabels): readonly Count[] {
  const { system, source } = labels;
  const buildErrorCount = (error: string): Count => ({
    metric: systemErrors,
    labels: { system, source, component: 'workflow run', error },
    increase: 1,
  });
  return [
    {
      metric: runsFinished,
      labels: { ...labels, result, attempt: 'first', branch: noBranch },
      increase: 1,
    },
    { metric: policyResults, labels: { ...labels, verdict: mapPolicyVerdict(policy) }, increase: 1 },
    ...(policy === undefined || policy.violated === 0
      ? []
      : [{ metric: policyViolations, labels, increase: policy.violated }]),
    ...(status === 'expired' ? [buildErrorCount('expired')] : []),
    ...(result === 'other' ? [buildErrorCount('unknown state')] : []),
  ];
}

function mapPolicyVerdict(policy: PolicySummary | undefined): PolicyVerdict {
  if (policy === undefined || policy.status === 'unspecified') return 'none';
  return policy.status === 'unknown' ? 'other' : policy.status;
}

function buildObservations(
  { workflow, createdMs, finishedMs, endedMs, result, status, runner }: EndedRun,
  labels: PipelineLabels,
  { organization, compat }: MapOptions,
): readonly Observation[] {
  const compatStatus = compatStatuses[status];
  const computeSeconds = (untilMs: number): number => (untilMs - createdMs) / 1000;
  return [
    // An expired run tells when it was given up, not how long it took.
    ...(finishedMs === undefined || status === 'expired'
      ? []
      : [{ metric: runDuration, labels: { ...labels, result }, value: computeSeconds(finishedMs) }]),
    ...(compat && compatStatus !== undefined
      ? [
          {
            metric: workflowRunDuration,
            labels: {
              source: labels.source,
              org: organization,
              workflow: makeLabelValue(workflow.name) ?? 'none',
              status: compatStatus,
              runner,
            },
            value: computeSeconds(endedMs),
          },
        ]
      : []),
  ];
}

/** Chainloop knows runs only; spans of the jobs inside a run come from the CI system itself. */
function mapSpan({ id, createdMs, endedMs, result }: EndedRun, { scope, pipeline }: PipelineLabels): Span {
  return { is: 'run', run: id, pipeline, scope, result, attempt: 'first', startMs: createdMs, endMs: endedMs };
}

/** With what only Chainloop tells. */
function buildLine(run: EndedRun, span: Span, { source, organization }: MapOptions): NonNullable<Finish['line']> {
  const { id, runner, policy, version, createdMs, finishedMs } = run;
  const durationSeconds = finishedMs === undefined ? undefined : Math.max(0, finishedMs - createdMs) / 1000;
  return finishedLine({ system: 'chainloop', source, durationSeconds }, span, {
    organization,
    run: id,
    runner,
    policy: mapPolicyVerdict(policy),
    ...(policy === undefined ? {} : { violations: policy.violated }),
    ...(version === undefined || version.name === '' ? {} : { version: version.name }),
  });
}
