/** Metrics of the Chainloop source, and what it never sends. */
import type { Absence } from '../../model/catalogue/absence.ts';
import { credentialMetrics } from '../../model/credential.ts';
import { pipelineLabels, pipelineSets } from '../../model/catalogue/identity-labels.ts';
import { defineMetric } from '../../model/catalogue/define-metric.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import {
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  systemErrors,
} from '../../model/catalogue/run-metrics.ts';
import type { ChainloopConfig } from './config.ts';

/** `none`: no policy was evaluated; `other`: a verdict of a newer server. */
export const policyVerdicts = [
  'passed',
  'skipped',
  'warning',
  'blocked',
  'bypassed',
  'not_applicable',
  'none',
  'other',
] as const;
export type PolicyVerdict = (typeof policyVerdicts)[number];

export const policyResults = defineMetric({
  name: 'ci_attestation_policy_results_total',
  help: 'Finished workflow runs by what their policies said; a blocked run violated a gate, a bypassed one passed it by force.',
  type: 'counter',
  unit: 'count',
  labels: [...pipelineLabels, 'verdict'],
  enumerated: { verdict: policyVerdicts },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'verdict',
      names: { warning: 'PolicyWarnings', blocked: 'PolicyBlocked', bypassed: 'PolicyBypassed' },
    },
    dimensionSets: pipelineSets,
    statistic: 'Sum',
  },
});

export const policyViolations = defineMetric({
  name: 'ci_attestation_policy_violations_total',
  help: 'Policy violations of finished workflow runs, over all their evaluations.',
  type: 'counter',
  unit: 'count',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'PolicyViolations',
    dimensionSets: pipelineSets,
    statistic: 'Sum',
  },
});

export const unattestedReleases = defineMetric({
  name: 'ci_releases_unattested',
  help: 'Released project versions of the last 7 days for which a workflow has runs, but none that succeeded.',
  type: 'gauge',
  unit: 'count',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'UnattestedReleases',
    dimensionSets: pipelineSets,
    statistic: 'Maximum',
  },
});

export const workflowDown = defineMetric({
  name: 'ci_workflow_down_seconds',
  help: 'How long the last ended run of a workflow has not been a success; 0 while it is one.',
  type: 'gauge',
  unit: 'seconds',
  labels: pipelineLabels,
  combination: 'max',
  cloudWatch: {
    name: 'WorkflowDownTime',
    dimensionSets: pipelineSets,
    statistic: 'Maximum',
  },
});

/** As Chainloop prints them; `canceled` has one l here, other than in its API. */
export const compatStatuses = ['success', 'error', 'canceled', 'expired'] as const;
export type CompatStatus = (typeof compatStatuses)[number];

/** As Chainloop's own metrics print them, by the number of its API. */
export const runners = [
  'RUNNER_TYPE_UNSPECIFIED',
  'GITHUB_ACTION',
  'GITLAB_PIPELINE',
  'AZURE_PIPELINE',
  'JENKINS_JOB',
  'CIRCLECI_BUILD',
  'DAGGER_PIPELINE',
  'TEAMCITY_PIPELINE',
  'TEKTON_PIPELINE',
  'CHAINLOOP_SANDBOX',
] as const;
export type Runner = (typeof runners)[number] | 'unknown';

const runnerValues = [...runners, 'unknown'] as const;

/** Chainloop's labels behind the source: two of them may read servers that have organizations of one name. */
export const workflowLabels = ['source', 'org', 'workflow', 'runner'] as const;
export type WorkflowLabel = (typeof workflowLabels)[number];

export const workflowUp = defineMetric({
  name: 'chainloop_workflow_up',
  help: 'Indicate if the last run was successful.',
  type: 'gauge',
  unit: 'count',
  labels: workflowLabels,
  enumerated: { runner: runnerValues },
  combination: 'min',
  cloudWatch: {
    name: 'ChainloopWorkflowUp',
    dimensionSets: [workflowLabels],
    statistic: 'Maximum',
  },
});

/** Chainloop's own (`app/controlplane/pkg/metrics/prometheus`): they end at 20 minutes. Seconds. */
const chainloopBounds = [10, 30, 60, 90, 120, 180, 240, 300, 600, 900, 1200] as const;

export const workflowRunDuration = defineMetric({
  name: 'chainloop_workflow_run_duration_seconds',
  help: 'Duration of a workflow runs in seconds.',
  type: 'distribution',
  unit: 'seconds',
  labels: [...workflowLabels, 'status'],
  enumerated: { status: compatStatuses, runner: runnerValues },
  combination: 'sum',
  bounds: chainloopBounds,
  cloudWatch: {
    name: 'ChainloopRunDuration',
    // RunDuration has the workflows; this is for a look at expired runs, which it leaves out.
    dimensionSets: [['source', 'org', 'status']],
    statistic: 'p95',
  },
});

const compatMetrics: readonly MetricDefinition[] = [workflowUp, workflowRunDuration];

/** Of the runs that the control plane lists. */
const controlPlaneMetrics: readonly MetricDefinition[] = [
  policyResults,
  policyViolations,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  systemErrors,
  unattestedReleases,
  workflowDown,
];

/** All that the source may send. */
export const chainloopMetrics: readonly MetricDefinition[] = [
  ...controlPlaneMetrics,
  ...compatMetrics,
  ...credentialMetrics,
];

export function selectMetrics({ read, compat }: ChainloopConfig): readonly MetricDefinition[] {
  return [
    ...(read === 'relay' ? [] : controlPlaneMetrics),
    // A relay without the names that it relays would be empty.
    ...(compat || read !== 'control-plane' ? compatMetrics : []),
    ...credentialMetrics,
  ];
}

/** What Chainloop has no word for, and what an organization without violations and releases does not tell. */
export function describeAbsences({ read, compat }: ChainloopConfig): readonly Absence[] {
  // The relay has its own names only, and steps in where the control plane cannot be called.
  const isFallback = !compat && read === 'auto';
  return [...absences, ...(isFallback ? compatMetrics.map((metric): Absence => ({ metric, when: 'usually' })) : [])];
}

const absences: readonly Absence[] = [
  { metric: runsActive, values: { label: 'state', are: ['pending', 'finalizing', 'waiting'] }, when: 'always' },
  { metric: policyResults, values: { label: 'verdict', are: ['bypassed', 'blocked', 'other'] }, when: 'usually' },
  { metric: workflowRunDuration, values: { label: 'status', are: ['canceled', 'expired'] }, when: 'usually' },
  { metric: unattestedReleases, when: 'usually' },
  { metric: systemErrors, when: 'usually' },
  ...credentialMetrics.map((metric): Absence => ({ metric, when: 'usually' })),
];
