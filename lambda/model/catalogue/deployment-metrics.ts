/** The metrics of deployments: how they end, and when an environment was last deployed to with success. */
import { defineMetric } from './define-metric.ts';
import type { MetricDefinition } from '../metric.ts';
import { sourceLabels } from './identity-labels.ts';
import { results } from './results.ts';

const deploymentLabels = [...sourceLabels, 'scope', 'deploy_environment'] as const;

export const deploymentsFinished = defineMetric({
  name: 'ci_deployments_total',
  help: 'Finished deployments by repository, environment and result.',
  type: 'counter',
  unit: 'count',
  labels: [...deploymentLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'result',
      names: {
        success: 'SucceededDeployments',
        failure: 'FailedDeployments',
        error: 'ErroredDeployments',
        timeout: 'TimedOutDeployments',
        cancellation: 'CancelledDeployments',
        skip: 'SkippedDeployments',
        other: 'OtherDeployments',
      },
    },
    dimensionSets: [deploymentLabels, sourceLabels],
    statistic: 'Sum',
  },
});

export const deploymentLastSuccess = defineMetric({
  name: 'ci_deployment_last_success_timestamp_seconds',
  help: 'When an environment was last deployed to with success, as Unix time; absent until it was.',
  type: 'gauge',
  unit: 'timestamp',
  labels: deploymentLabels,
  combination: 'max',
  cloudWatch: {
    name: 'SecondsSinceLastDeployment',
    dimensionSets: [deploymentLabels],
    statistic: 'Minimum',
    conversion: 'age',
  },
});

export const deploymentMetrics = [
  deploymentLastSuccess,
  deploymentsFinished,
] as const satisfies readonly MetricDefinition[];
