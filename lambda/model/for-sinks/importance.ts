/** Says what goes out first where there may not be time for everything: the same metrics in each run. */
import type { MetricDefinition } from '../metric.ts';

/** Relayed series come behind all of them. */
export const importanceOfRelayed = 3;

/**
 * The collector's own health tells whether the rest can be believed; alarms and dashboards read the neutral metrics; a
 * vendor's names repeat most of them. Lower is more important.
 */
export function rankMetric({ cloudWatch: { namespace } }: MetricDefinition): number {
  if (namespace === 'collector') return 0;
  return namespace === 'neutral' ? 1 : 2;
}

/** Metrics of one rank keep their order, which is that of their names. */
export function compareImportance(a: MetricDefinition, b: MetricDefinition): number {
  return rankMetric(a) - rankMetric(b);
}
