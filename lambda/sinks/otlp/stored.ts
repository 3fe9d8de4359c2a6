/** What the stack has to know of the sink to find its metrics again: where they go, how sums are told, and their names. */
import type { MetricDefinition } from '../../model/metric.ts';
import type { OtlpConfig } from './config.ts';
import { namesFor } from './encode/naming/choose-mapping.ts';
import type { Telling } from './encode/naming/metric-mapping.ts';
import { isOwnCloudWatch, targetOf } from './receiver/target.ts';

export type Stored = Pick<Telling, 'name' | 'attributesOf'>;

/** Undefined for a metric that the sink does not tell. */
export function storedAs(
  config: Pick<OtlpConfig, 'naming' | 'compat'>,
  definition: MetricDefinition,
): Stored | undefined {
  return namesFor(config)(definition)[0];
}

/** Whether sums are stored as increases, and not as running totals. */
export function tellsIncreases(config: OtlpConfig): boolean {
  return targetOf(config).temporality === 'delta';
}

/** Whether it writes to CloudWatch in the function's own account. */
export function writesToOwnCloudWatch(config: OtlpConfig): boolean {
  return isOwnCloudWatch(config);
}
