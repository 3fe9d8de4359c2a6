/** The questions of the dashboards, and the graphs that answer them. */
import { jobCost, pipelineCost, workerCost } from '../../lambda/model/catalogue/cost-metrics.ts';
import { deploymentLastSuccess, deploymentsFinished } from '../../lambda/model/catalogue/deployment-metrics.ts';
import {
  queueJobs,
  queueOldestWait,
  queuePaused,
  queuePausedSince,
  queueRecentJobs,
  queueWaitQuantile,
  starvedJobs,
  workers,
  workerUtilization,
} from '../../lambda/model/catalogue/queue-metrics.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import { jobBusySeconds, jobDuration, jobWait } from '../../lambda/model/catalogue/job-metrics.ts';
import {
  runActiveDuration,
  runDuration,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  runWait,
  systemErrors,
} from '../../lambda/model/catalogue/run-metrics.ts';
import {
  eventsTaken,
  oldestVisit,
  repositories,
  repositoryVisits,
  stepsLeftOut,
} from '../../lambda/model/catalogue/crawl-metrics.ts';
import {
  buildSeconds,
  busyRunnersPeak,
  excessScopes,
  onlineRunners,
  outdatedRunners,
} from '../../lambda/sources/bitbucket-pipelines/metrics.ts';
import { policyResults, workflowDown } from '../../lambda/sources/chainloop/metrics.ts';
import { podStart, taskRuns, unseenRuns } from '../../lambda/sources/tekton/metrics.ts';

/** One graph: a neutral metric, and the value of the label that its CloudWatch name stands for. */
export interface Panel {
  readonly title: string;
  readonly metric: MetricDefinition;
  readonly labels?: Labels;
  /** Title of the axis. */
  readonly unit?: string;
  readonly stacked?: boolean;
  /** Only where this metric is published, too: a state that other sources never tell makes an empty graph. */
  readonly besides?: MetricDefinition;
  /** Shown of the sources that do not publish `metric`. */
  readonly otherwise?: MetricDefinition;
  readonly alarm?: { readonly above: number; readonly label: string };
}

export interface Question {
  readonly question: string;
  readonly explanation: string;
  readonly panels: readonly Panel[];
}

/** What the dashboard answers, a row each; a panel whose metric no source publishes is left out. */
export const questions: readonly Question[] = [
  {
    question: 'Is CI fast?',
    explanation:
      'Queued jobs could start now and wait for a worker: near 0 beside those that run, jobs start at once; a queue that grows while its workers run is short of them. Above 5 minutes of waiting a pool is too small or sick. Durations are without what runs waited for people.',
    panels: [
      { title: 'Oldest wait', metric: queueOldestWait, unit: 'seconds' },
      { title: 'Job wait, p95', metric: jobWait, unit: 'seconds' },
      {
        title: 'Wait p95 as the CI system reports it',
        metric: queueWaitQuantile,
        labels: { rank: '0.95' },
        unit: 'seconds',
      },
      { title: 'Queued jobs', metric: queueJobs, labels: { state: 'queued' }, stacked: true },
      { title: 'Running jobs', metric: queueJobs, labels: { state: 'running' }, stacked: true },
      { title: 'Jobs that passed in the latest minute', metric: queueRecentJobs, labels: { result: 'success' } },
      { title: 'Jobs that failed in the latest minute', metric: queueRecentJobs, labels: { result: 'failure' } },
      { title: 'Run duration, p95', metric: runActiveDuration, otherwise: runDuration, unit: 'seconds' },
    ],
  },
  {
    question: 'Is a queue stuck?',
    explanation:
      'Starved jobs are queued where no worker is idle or busy; above 0 for minutes, nothing will start them. Blocked jobs wait for other jobs or for a person, not for a worker. Stuck runs are open far longer than usual.',
    panels: [
      { title: 'Starved jobs', metric: starvedJobs, alarm: { above: 0, label: 'alarm above' } },
      { title: 'Blocked jobs', metric: queueJobs, labels: { state: 'blocked' }, stacked: true },
      { title: 'Paused queues', metric: queuePaused, stacked: true },
      { title: 'Paused for', metric: queuePausedSince, unit: 'seconds' },
      { title: 'Stuck runs', metric: runsStuck, stacked: true },
      { title: 'Runs that no controller has seen', metric: unseenRuns, stacked: true },
    ],
  },
  {
    question: 'Are there workers?',
    explanation: 'Above 95 % for long, a pool is too small; below 70 %, it is too large.',
    panels: [
      { title: 'Idle workers', metric: workers, labels: { state: 'idle' }, stacked: true },
      { title: 'Busy workers', metric: workers, labels: { state: 'busy' }, stacked: true },
      { title: 'Utilisation', metric: workerUtilization, alarm: { above: 95, label: 'short of workers' } },
      {
        title: 'Offline workers',
        metric: workers,
        labels: { state: 'offline' },
        besides: outdatedRunners,
        stacked: true,
      },
      { title: 'Online runners', metric: onlineRunners, stacked: true },
      { title: 'Outdated runners', metric: outdatedRunners, stacked: true },
      { title: 'TaskRuns that a quota holds back', metric: taskRuns, labels: { state: 'quota' }, stacked: true },
      { title: 'TaskRuns that fit no node', metric: taskRuns, labels: { state: 'node' }, stacked: true },
      { title: 'TaskRuns that wait for an image', metric: taskRuns, labels: { state: 'image' }, stacked: true },
      { title: 'Start of pods, p95', metric: podStart, unit: 'seconds' },
    ],
  },
  {
    question: 'Do the builds pass?',
    explanation:
      'Failed runs are the builds’ own fault, system errors the CI system’s: lost agents, expired jobs, lost runs. The time since the last success grows where nothing succeeds any more, or nothing runs.',
    panels: [
      { title: 'Succeeded runs', metric: runsFinished, labels: { result: 'success' }, stacked: true },
      { title: 'Failed runs', metric: runsFinished, labels: { result: 'failure' }, stacked: true },
      { title: 'Runs that timed out', metric: runsFinished, labels: { result: 'timeout' }, stacked: true },
      {
        title: 'Runs with an error of the CI system',
        metric: runsFinished,
        labels: { result: 'error' },
        stacked: true,
      },
      { title: 'System errors', metric: systemErrors, stacked: true },
      { title: 'Time since the last success', metric: runLastSuccess, unit: 'seconds' },
      { title: 'Last verdict was a success', metric: runLastResult },
      { title: 'Workflows that are down', metric: workflowDown, unit: 'seconds' },
      { title: 'Policy gates that block', metric: policyResults, labels: { verdict: 'blocked' }, stacked: true },
      { title: 'Succeeded deployments', metric: deploymentsFinished, labels: { result: 'success' }, stacked: true },
      { title: 'Failed deployments', metric: deploymentsFinished, labels: { result: 'failure' }, stacked: true },
      { title: 'Time since the last deployment', metric: deploymentLastSuccess, unit: 'seconds' },
      { title: 'Active runs', metric: runsActive, stacked: true },
      { title: 'Wait of runs, p95', metric: runWait, unit: 'seconds' },
    ],
  },
  {
    question: 'What does it cost?',
    explanation:
      'Busy time of workers a minute, and with prices in the configuration what it costs, in their currency. Idle workers cost only where they are paid by the hour. Jobs and busy workers are the same money seen twice. Bitbucket charges build time, and the most runners that were busy at once in a month.',
    panels: [
      { title: 'Cost of jobs', metric: jobCost, stacked: true },
      { title: 'Cost of pipelines', metric: pipelineCost, stacked: true },
      { title: 'Cost of idle workers', metric: workerCost, labels: { state: 'idle' }, stacked: true },
      { title: 'Cost of busy workers', metric: workerCost, labels: { state: 'busy' }, stacked: true },
      { title: 'Busy time', metric: jobBusySeconds, unit: 'seconds', stacked: true },
      { title: 'Job duration, p95', metric: jobDuration, unit: 'seconds' },
      { title: 'Build time charged', metric: buildSeconds, unit: 'seconds', stacked: true },
      { title: 'Most runners busy at once this month', metric: busyRunnersPeak },
    ],
  },
  {
    question: 'Is every repository read?',
    explanation:
      'Within its budget of requests a source reads repositories in turn, those first in which something goes on. The oldest look tells how late a run may show; counts are exact all the same.',
    panels: [
      { title: 'Oldest look at a repository', metric: oldestVisit, unit: 'seconds' },
      { title: 'Repositories read in a run', metric: repositoryVisits },
      { title: 'Repositories not read yet', metric: repositories, labels: { state: 'unread' }, stacked: true },
      { title: 'Repositories with an open run', metric: repositories, labels: { state: 'open' }, stacked: true },
      { title: 'Runs whose steps were left out', metric: stepsLeftOut, stacked: true },
      { title: 'Events of the webhook', metric: eventsTaken, stacked: true },
      { title: 'Scopes that nobody needs', metric: excessScopes },
    ],
  },
];
