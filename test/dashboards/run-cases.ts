/** Histories for the alerts on runs and jobs, each with what must fire and what must not. */
import type { RuleCase } from './rule-cases.ts';

const queueLabels = { collector: 'ci', system: 'buildkite', source: 'main', scope: 'Linux', queue: 'deploy' } as const;
const pipelineLabels = {
  collector: 'ci',
  system: 'buildkite',
  source: 'main',
  scope: 'acme',
  pipeline: 'api',
} as const;
const sourceLabels = { collector: 'ci', system: 'buildkite', source: 'main' } as const;

function series(name: string, labels: Readonly<Record<string, string>>): string {
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${text.join(', ')}}`;
}

function runs(result: string, attempt = 'first'): string {
  return series('ci_runs_total', { ...pipelineLabels, result, attempt, branch: 'main' });
}

function waits(le: string): string {
  return series('ci_job_wait_seconds_bucket', { ...queueLabels, le });
}

const waitCount = series('ci_job_wait_seconds_count', queueLabels);
const oldestWait = series('ci_queue_oldest_wait_seconds', queueLabels);
const lastResult = series('ci_run_last_result', { ...pipelineLabels, branch: 'main' });
const lastFinished = series('ci_run_last_finished_timestamp_seconds', { ...pipelineLabels, branch: 'main' });
const lastSuccess = series('ci_run_last_success_timestamp_seconds', { ...pipelineLabels, branch: 'main' });
const stuck = series('ci_runs_stuck', pipelineLabels);
const expiry = series('ci_collector_token_expiry_timestamp_seconds', sourceLabels);
const lifetime = series('ci_collector_token_lifetime_seconds', sourceLabels);

function errors(error: string): string {
  return series('ci_system_errors_total', { ...sourceLabels, component: 'agent', error });
}

/** Everything that a source with counters publishes while nothing runs, for eight hours. */
export function runNight(identity: string): Readonly<Record<string, string>> {
  const source = `${identity}, system="buildkite", source="main"`;
  const queue = `${source}, scope="Linux", queue="default"`;
  const pipeline = `${source}, scope="acme", pipeline="api"`;
  const still = (value: number): string => `${String(value)}x500`;
  return {
    [`ci_queue_oldest_wait_seconds{${queue}}`]: still(0),
    [`ci_job_wait_seconds_bucket{${queue}, le="300"}`]: still(40),
    [`ci_job_wait_seconds_bucket{${queue}, le="+Inf"}`]: still(42),
    [`ci_job_wait_seconds_count{${queue}}`]: still(42),
    [`ci_runs_total{${pipeline}, result="success", attempt="first", branch="main"}`]: still(30),
    [`ci_runs_total{${pipeline}, result="failure", attempt="first", branch="main"}`]: still(9),
    [`ci_run_last_finished_timestamp_seconds{${pipeline}, branch="main"}`]: still(-600),
    [`ci_run_last_success_timestamp_seconds{${pipeline}, branch="main"}`]: still(-600),
    [`ci_run_last_result{${pipeline}, branch="main"}`]: still(1),
    [`ci_runs_stuck{${pipeline}}`]: still(0),
    [`ci_system_errors_total{${source}, component="agent", error="lost"}`]: still(3),
    [`ci_collector_token_expiry_timestamp_seconds{${source}}`]: still(90 * 86_400),
    [`ci_collector_token_lifetime_seconds{${source}}`]: still(90 * 86_400),
  };
}

const summaries = {
  waited: 'Queue deploy of Linux (source main) has had a job waiting for 11m 40s',
  stuck: 'Pipeline api of acme (source main) has 2 runs that are open far longer than usual',
  broken: 'Pipeline api of acme (source main) has not succeeded on its main branch since its last failure',
} as const;

export const runCases: readonly RuleCase[] = [
  {
    alert: 'QueueOldestWait',
    title: 'fires for a queue that is stuck and finishes nothing',
    series: { [oldestWait]: '700x20', [waitCount]: '42x20' },
    at: '6m',
    fires: [{ labels: queueLabels, summary: summaries.waited }],
  },
  {
    alert: 'QueueOldestWait',
    title: 'is quiet when the queue drains in time',
    series: { [oldestWait]: '700 700 700 30x20' },
    at: '8m',
    fires: [],
  },
  {
    alert: 'JobWaitObjectiveBurning',
    title: 'fires when every job of an hour has waited too long',
    series: { [waits('300')]: '5x90', [waits('+Inf')]: '5+2x90', [waitCount]: '5+2x90' },
    at: '70m',
    fires: [
      {
        labels: queueLabels,
        summary:
          'Queue deploy of Linux (source main): 100% of the jobs of the last hour waited for more than 5 minutes',
      },
    ],
  },
  {
    alert: 'JobWaitObjectiveBurning',
    title: 'reads the bounds as Prometheus 3 rewrites them',
    series: { [waits('300.0')]: '5x90', [waitCount]: '5+2x90' },
    at: '70m',
    fires: [
      {
        labels: queueLabels,
        summary:
          'Queue deploy of Linux (source main): 100% of the jobs of the last hour waited for more than 5 minutes',
      },
    ],
  },
  {
    alert: 'JobWaitObjectiveBurning',
    title: 'is quiet when half of the jobs wait too long, and when the trouble is over',
    series: { [waits('300')]: '5+1x90', [waitCount]: '5+2x90' },
    at: '70m',
    fires: [],
  },
  {
    alert: 'PipelineFailing',
    title: 'fires when six of six runs fail, also in a second attempt',
    series: {
      [runs('failure')]: '0 1 2 3 4 4x90',
      [runs('timeout', 'retry')]: '0 1 2 2x90',
      [runs('success')]: '7x95',
    },
    at: '30m',
    fires: [
      {
        labels: pipelineLabels,
        summary: 'Pipeline api of acme (source main): 100% of the runs of the last hour failed',
      },
    ],
  },
  {
    alert: 'PipelineFailing',
    title: 'is quiet for a single failure, for cancelled runs and for a counter that starts anew',
    series: { [runs('failure')]: '900 901 0x90', [runs('cancellation')]: '0+1x90', [runs('success')]: '0 0 1x90' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'PipelineFailing',
    title: 'needs counters that begin at 0: one that appears at 5 has no increase',
    series: { [runs('failure')]: '_ _ _ 5x90', [runs('success')]: '0x95' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'MainBroken',
    title: 'fires after two hours in which the last verdict was a failure',
    series: { [lastResult]: '0x200', [lastFinished]: '600x200', [lastSuccess]: '300x200' },
    at: '125m',
    fires: [{ labels: { ...pipelineLabels, branch: 'main' }, summary: summaries.broken }],
  },
  {
    alert: 'MainBroken',
    title: 'fires for a pipeline that has never succeeded',
    series: { [lastResult]: '0x200', [lastFinished]: '600x200' },
    at: '125m',
    fires: [{ labels: { ...pipelineLabels, branch: 'main' }, summary: summaries.broken }],
  },
  {
    alert: 'MainBroken',
    title: 'is quiet when the last run has succeeded',
    series: { [lastResult]: '1x200', [lastFinished]: '600x200', [lastSuccess]: '600x200' },
    at: '180m',
    fires: [],
  },
  {
    alert: 'MainBroken',
    title: 'fires although an older run has succeeded since',
    series: { [lastResult]: '0x200', [lastFinished]: '600x200', [lastSuccess]: '900x200' },
    at: '125m',
    fires: [{ labels: { ...pipelineLabels, branch: 'main' }, summary: summaries.broken }],
  },
  {
    alert: 'RunsStuck',
    title: 'fires when runs stay open far too long',
    series: { [stuck]: '2x30' },
    at: '16m',
    fires: [{ labels: pipelineLabels, summary: summaries.stuck }],
  },
  { alert: 'RunsStuck', title: 'is quiet when they end', series: { [stuck]: '2x10 0x20' }, at: '20m', fires: [] },
  {
    alert: 'SystemErrors',
    title: 'fires when the CI system loses agents by the dozen',
    series: { [errors('agent lost')]: '0+2x60' },
    at: '20m',
    fires: [
      {
        labels: { ...sourceLabels, error: 'agent lost' },
        summary: 'Source main (buildkite): about 30 faults of the CI system in 15 minutes (agent lost)',
      },
    ],
  },
  {
    alert: 'SystemErrors',
    title: 'is quiet for an agent that is lost now and then',
    series: { [errors('agent lost')]: '0 0 0 0 0 1 1 1 1 1 2x60' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'TokenExpiring',
    title: 'fires two weeks before the end',
    series: { [expiry]: `${String(10 * 86_400)}x100` },
    at: '70m',
    fires: [{ labels: sourceLabels, summary: 'A credential of source main (buildkite) ends in 9d 22h 50m 0s' }],
  },
  {
    alert: 'TokenExpiring',
    title: 'is quiet for a token of 12 hours that is renewed in each 11th',
    series: { [expiry]: `${String(12 * 3600)}x659 ${String(23 * 3600)}x180`, [lifetime]: `${String(12 * 3600)}x900` },
    at: '659m',
    fires: [],
  },
  {
    alert: 'TokenExpiring',
    title: 'is quiet after that token was renewed',
    series: { [expiry]: `${String(12 * 3600)}x659 ${String(23 * 3600)}x180`, [lifetime]: `${String(12 * 3600)}x900` },
    at: '690m',
    fires: [],
  },
  {
    alert: 'TokenExpiring',
    title: 'fires in the last twentieth of the life of a token that nobody renewed',
    series: { [expiry]: `${String(12 * 3600)}x900`, [lifetime]: `${String(12 * 3600)}x900` },
    at: '691m',
    fires: [{ labels: sourceLabels, summary: 'A credential of source main (buildkite) ends in 29m 0s' }],
  },
  {
    alert: 'TokenExpiring',
    title: 'is quiet fifteen days before the end of 400 days, of which a twentieth is longer',
    series: { [expiry]: `${String(15 * 86_400)}x2000`, [lifetime]: `${String(400 * 86_400)}x2000` },
    at: '1430m',
    fires: [],
  },
  {
    alert: 'TokenExpiring',
    title: 'fires two weeks before the end of 400 days',
    series: { [expiry]: `${String(15 * 86_400)}x2000`, [lifetime]: `${String(400 * 86_400)}x2000` },
    at: '1450m',
    fires: [{ labels: sourceLabels, summary: 'A credential of source main (buildkite) ends in 13d 23h 50m 0s' }],
  },
  {
    alert: 'TokenExpiring',
    title: 'is quiet while there is time',
    series: { [expiry]: `${String(60 * 86_400)}x100` },
    at: '70m',
    fires: [],
  },
];
