/** What the package exports: the construct and the types of its properties, for every language of the CDK. */

export { CiMetricsCollector } from './collector.ts';
export type { CiMetricsCollectorProps } from './props.ts';
export type { GroupScalingOptions, ServiceScalingOptions } from './scaling-options.ts';
export type { CollectorSecret, EksClusterAccess, QueueOfSource, WebhookOfSource } from './structs.ts';
