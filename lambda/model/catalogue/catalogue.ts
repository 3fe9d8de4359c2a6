/** The catalogue: every metric that the collector names itself. */

/**
 * Docs, dashboards, alarms, rules and tests are derived from this list, so a name cannot drift. A vendor's own names
 * stand in the `metrics.ts` of the source that publishes them. All are written by `defineMetric`.
 */
import type { MetricDefinition } from '../metric.ts';
import { collectorMetrics } from './collector-metrics.ts';
import { costMetrics } from './cost-metrics.ts';
import { crawlMetrics } from './crawl-metrics.ts';
import { deploymentMetrics } from './deployment-metrics.ts';
import { jobMetrics } from './job-metrics.ts';
import { queueMetrics } from './queue-metrics.ts';
import { runMetrics } from './run-metrics.ts';

/** What the sources say about CI, in their common vocabulary. */
export const ciMetrics = [
  ...queueMetrics,
  ...jobMetrics,
  ...runMetrics,
  ...deploymentMetrics,
  ...crawlMetrics,
  ...costMetrics,
] as const satisfies readonly MetricDefinition[];

export const catalogue: readonly MetricDefinition[] = [...ciMetrics, ...collectorMetrics];
