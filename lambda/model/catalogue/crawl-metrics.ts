/** The metrics of sources that read repository after repository within a request budget: how far they have come. */
import { defineMetric } from './define-metric.ts';
import type { MetricDefinition } from '../metric.ts';
import { sourceLabels } from './identity-labels.ts';

export const oldestVisit = defineMetric({
  name: 'ci_collector_repository_oldest_look_seconds',
  help: 'How long ago the repository was read that has waited longest; those without pipelines are left out.',
  type: 'gauge',
  unit: 'seconds',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: {
    name: 'OldestRepositoryLook',
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

export const repositoryStates = ['open', 'recent', 'quiet', 'unread', 'without_pipelines'] as const;

export const repositories = defineMetric({
  name: 'ci_collector_repositories',
  help: 'Repositories that are read, by what goes on in them; unread ones were not looked at yet.',
  type: 'gauge',
  unit: 'count',
  labels: [...sourceLabels, 'state'],
  enumerated: { state: repositoryStates },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'state',
      names: {
        open: 'RepositoriesOpen',
        recent: 'RepositoriesRecent',
        quiet: 'RepositoriesQuiet',
        unread: 'RepositoriesUnread',
        without_pipelines: 'RepositoriesWithoutPipelines',
      },
    },
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

export const repositoryVisits = defineMetric({
  name: 'ci_collector_repository_looks',
  help: 'Repositories that were read in the last run; the others have the figures of their last look.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'RepositoryLooks',
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

export const stepsLeftOut = defineMetric({
  name: 'ci_collector_step_lists_left_out_total',
  help: 'Finished runs whose steps were not read for want of requests; their jobs, waits and durations are not counted.',
  type: 'counter',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'StepListsLeftOut',
    dimensionSets: [sourceLabels],
    statistic: 'Sum',
  },
});

export const eventsTaken = defineMetric({
  name: 'ci_collector_webhook_events_total',
  help: 'Events of the webhook that were taken from its queue; without any for hours the webhook does not arrive.',
  type: 'counter',
  unit: 'count',
  labels: sourceLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'WebhookEvents',
    dimensionSets: [sourceLabels],
    statistic: 'Sum',
  },
});

export const crawlMetrics = [
  eventsTaken,
  oldestVisit,
  repositories,
  repositoryVisits,
  stepsLeftOut,
] as const satisfies readonly MetricDefinition[];
