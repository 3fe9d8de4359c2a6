/** The metrics of deployments: how they end, and when an environment was last deployed to with success. */
import type { MetricDefinition } from '../metric.ts';
import { type SourceLabel, sourceLabels } from './identity-labels.ts';
import { results } from './results.ts';

type DeploymentLabel = SourceLabel | 'scope' | 'deploy_environment';

const deploymentLabels = [...sourceLabels, 'scope', 'deploy_environment'] as const;

export const deploymentsFinished: MetricDefinition<'counter', DeploymentLabel | 'result'> = {
  name: 'ci_deployments_total',
  help: 'Finished deployments by repository, environment and result.',
  type: 'counter',
  unit: 'count',
  labels: [...deploymentLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: {
    namespace: 'neutral',
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
    unit: 'Count',
    dimensionSets: [deploymentLabels, sourceLabels],
    statistic: 'Sum',
  },
};

export const deploymentLastSuccess: MetricDefinition<'gauge', DeploymentLabel> = {
  name: 'ci_deployment_last_success_timestamp_seconds',
  help: 'When an environment was last deployed to with success, as Unix time; absent until it was.',
  type: 'gauge',
  unit: 'timestamp',
  labels: deploymentLabels,
  combination: 'max',
  cloudWatch: {
    namespace: 'neutral',
    name: 'SecondsSinceLastDeployment',
    unit: 'Seconds',
    dimensionSets: [deploymentLabels],
    statistic: 'Minimum',
    conversion: 'age',
  },
};

export const deploymentMetrics = [
  deploymentLastSuccess,
  deploymentsFinished,
] as const satisfies readonly MetricDefinition[];
