/** What the stack asks of the sink for its alarms: where metrics go, under which names, and how sums are sent. */
import type { MetricDefinition } from '../../model/metric.ts';
import type { OtlpConfig } from './config.ts';
import { chooseMapping } from './encode/naming/choose-mapping.ts';
import type { MetricMapping } from './encode/naming/metric-mapping.ts';
import { isOwnCloudWatch, resolveTarget } from './receiver/target.ts';

export type Stored = Pick<MetricMapping, 'name' | 'mapLabels'>;

/** Undefined for a metric that the sink does not send. */
export function mapToStored(
  config: Pick<OtlpConfig, 'naming' | 'compat'>,
  definition: MetricDefinition,
): Stored | undefined {
  return chooseMapping(config)(definition)[0];
}

/** Whether sums are stored as increases, and not as running totals. */
export function doesStoreIncreases(config: OtlpConfig): boolean {
  return resolveTarget(config).temporality === 'delta';
}

/** Whether it writes to CloudWatch in the function's own account. */
export function isWrittenToOwnCloudWatch(config: OtlpConfig): boolean {
  return isOwnCloudWatch(config);
}
