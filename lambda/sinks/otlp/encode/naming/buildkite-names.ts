/** The OpenTelemetry names of buildkite-agent-metrics, for those who come from it. */
import type { Labels, MetricDefinition } from '../../../../model/metric.ts';
import type { MetricMapping } from './metric-mapping.ts';

/** What its OpenTelemetry backend calls the figures that a Buildkite source publishes with `compat: true`. */
export const buildkiteNames: Readonly<Record<string, { readonly name: string; readonly unit: string }>> = {
  scheduled_jobs_count: { name: 'buildkite.jobs.scheduled', unit: '{job}' },
  running_jobs_count: { name: 'buildkite.jobs.running', unit: '{job}' },
  unfinished_jobs_count: { name: 'buildkite.jobs.unfinished', unit: '{job}' },
  waiting_jobs_count: { name: 'buildkite.jobs.waiting', unit: '{job}' },
  idle_agent_count: { name: 'buildkite.agents.idle', unit: '{agent}' },
  busy_agent_count: { name: 'buildkite.agents.busy', unit: '{agent}' },
  total_agent_count: { name: 'buildkite.agents.total', unit: '{agent}' },
  busy_agent_percentage: { name: 'buildkite.agents.busy_percentage', unit: '%' },
};

/** How long each collection took; a histogram, which the tool keeps for as long as its process lives. */
export const collectionDuration = 'buildkite.collection.duration';

const figure = /^buildkite_(?:total|queues)_(\w+)$/;

/** Totals and queues share a name: a total is the series that has no `queue`. */
export function mapToBuildkite({ name }: Pick<MetricDefinition, 'name'>): readonly MetricMapping[] {
  const known = buildkiteNames[figure.exec(name)?.[1] ?? ''];
  return known === undefined ? [] : [{ ...known, resource: 'buildkite', mapLabels: pickOwnLabels }];
}

function pickOwnLabels({ org = '', cluster = '', queue = '' }: Labels): Labels {
  return { org, cluster, queue };
}
