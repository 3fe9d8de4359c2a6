/** The recording rules: what a day of CI costs, and the four measures of delivery. */
import { jobCost, pipelineCost, workerCost } from '../../lambda/model/catalogue/cost-metrics.ts';
import { deploymentsFinished } from '../../lambda/model/catalogue/deployment-metrics.ts';
import { runDuration, runLastResult, runWait } from '../../lambda/model/catalogue/run-metrics.ts';
import { selector } from './promql.ts';

/** A series that Prometheus computes and keeps. */
export interface Recording {
  /** Level, metric and operation, as Prometheus's own guide names recording rules. */
  readonly record: string;
  readonly expr: string;
  readonly reason: string;
}

export interface RecordingGroup {
  readonly name: string;
  /** Windows of days need no look each minute. */
  readonly interval: string;
  readonly recordings: readonly Recording[];
}

const queue = 'system, source, scope, queue, currency';
const pipeline = 'system, source, scope, pipeline, currency';
const environment = 'system, source, scope, deploy_environment';

const costs: readonly Recording[] = [
  {
    record: 'queue:ci_cost:increase1d',
    expr: [
      `sum by (${queue}) (increase(${selector(workerCost)}[1d])) > 0`,
      `or sum by (${queue}) (increase(${selector(jobCost)}[1d]))`,
    ].join('\n  '),
    reason:
      'What is paid for a queue: its workers, busy or idle, where these are paid by the hour, and its jobs elsewhere. The two are never added: the jobs of a worker that is paid by the hour are in its busy hours. A queue that was paid by the hour once adds nothing to that any more, and shows its jobs.',
  },
  {
    record: 'queue:ci_idle_cost:increase1d',
    expr: `sum by (${queue}) (increase(${selector(workerCost, { state: 'idle' })}[1d]))`,
    reason: 'What of it was paid for workers without a job.',
  },
  {
    record: 'pipeline:ci_cost:increase1d',
    expr: `sum by (${pipeline}) (increase(${selector(pipelineCost)}[1d]))`,
    reason: 'What the jobs of a pipeline cost; idle workers are nobody’s.',
  },
];

/** A deployment that somebody stopped, or that was skipped, says nothing about the change. */
const failed = 'result=~"failure|error|timeout"';
const judged = 'result=~"success|failure|error|timeout"';
const deployed = selector(deploymentsFinished, { result: 'success' });
const onMain = selector(runLastResult, { branch: 'main' });

function divideSums(metric: typeof runWait): string {
  const by = 'system, source, scope, pipeline';
  const mean = (part: string): string => `sum by (${by}) (increase(${metric.name}_${part}[7d]))`;
  return `${mean('sum')} / (${mean('count')} > 0)`;
}

const delivery: readonly Recording[] = [
  {
    record: 'environment:ci_deployments:per_day7d',
    expr: `sum by (${environment}) (increase(${deployed}[7d])) / 7`,
    reason: 'Deployment frequency: deployments a day that succeeded.',
  },
  {
    record: 'environment:ci_deployment_failures:ratio30d',
    expr: [
      `(sum by (${environment}) (increase(${selector(deploymentsFinished, {}, [failed])}[30d])) or 0 * sum by (${environment}) (increase(${selector(deploymentsFinished, {}, [judged])}[30d])))`,
      `/ (sum by (${environment}) (increase(${selector(deploymentsFinished, {}, [judged])}[30d])) > 0)`,
    ].join('\n  '),
    reason:
      'Change failure rate, as far as CI knows: deployments that failed of those with a verdict. One that succeeded and broke production is not among them.',
  },
  {
    record: 'pipeline:ci_run_wait_seconds:mean7d',
    expr: divideSums(runWait),
    reason: 'Lead time, first part: from the creation of a run to its start.',
  },
  {
    record: 'pipeline:ci_run_duration_seconds:mean7d',
    expr: `sum by (system, source, scope, pipeline) (increase(${runDuration.name}_sum{result="success"}[7d])) / (sum by (system, source, scope, pipeline) (increase(${runDuration.name}_count{result="success"}[7d])) > 0)`,
    reason: 'Lead time, second part: from the start of a run that passed to its end, waiting for people included.',
  },
  {
    record: 'pipeline:ci_main_red_seconds:mean30d',
    expr: [
      `(sum_over_time((1 - ${onMain})[30d:20m]) > 0) * 1200`,
      `/ clamp_min(ceil(changes(${onMain}[30d]) / 2), 1)`,
    ].join('\n  '),
    reason:
      'Time to restore, as far as CI knows: how long the main branch stayed red each time it was, by a look each twenty minutes. A change to red and one to green are one time; one that still lasts, or that began before the window, counts as one.',
  },
];

export const recordingGroups: readonly RecordingGroup[] = [
  { name: 'ci-costs', interval: '10m', recordings: costs },
  { name: 'ci-delivery', interval: '10m', recordings: delivery },
];
