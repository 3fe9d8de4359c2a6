/** The registry entry: which rights in AWS a configuration needs, and where its code is. */
import { resolveNamespace } from '../../model/for-sinks/cloud-watch-shape.ts';
import { defineSink } from '../sink.ts';
import { CloudWatchConfig } from './config.ts';

export const cloudwatch = defineSink({
  kind: 'cloudwatch',
  title: 'Amazon CloudWatch',
  config: CloudWatchConfig,
  secretsOf: () => [],
  grantsOf: ({ namespace, collectorMetrics, roleArn }, metrics) => {
    // The namespaces are then held by the policy of that role.
    if (roleArn !== undefined) return [{ kind: 'assume-role', roleArn }];
    // What a source tells of the collector's health goes the way of that, which is not this sink's unless it is told so.
    const roles = metrics.map((metric) => metric.cloudWatch.namespace).filter((role) => role !== 'collector');
    const own = collectorMetrics === 'api' ? (['collector'] as const) : [];
    const namespaces = [...new Set([...roles, ...own].map((role) => resolveNamespace(role, namespace)))];
    return [{ kind: 'put-metric-data', namespaces }];
  },
  load: async () => (await import('./create.ts')).createCloudWatch,
});
