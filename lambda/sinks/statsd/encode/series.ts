/** Finds the name and the tags of a series: the collector's own, or those of Buildkite's tool. */
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import type { StatsdConfig } from '../config.ts';
import { cleanAsSent, cleanName, cleanSegment, cleanTagValue, cutTag } from './clean.ts';

/** As it stands on a line. */
export interface SeriesName {
  readonly name: string;
  /** `key:value`, in the order of the line. */
  readonly tags: readonly string[];
}

export interface NamingSettings {
  readonly config: Pick<StatsdConfig, 'tags' | 'prefix' | 'constantTags' | 'compat'>;
  /** Name of the deployment. */
  readonly collector: string;
}

/** Names the series of one metric; asked for once a metric. */
export function nameSeries(definition: MetricDefinition, settings: NamingSettings): (labels: Labels) => SeriesName {
  const { config } = settings;
  const tool = config.compat ? toolNameOf(definition) : undefined;
  if (tool !== undefined) return (labels) => nameAsTool(tool, labels, config.tags);
  return config.tags === 'none' ? nameByPath(definition, config.prefix) : nameByTags(definition, settings);
}

/** `ci_queue_jobs.buildkite.main.linux.default.queued`: labels in the order of their definition. */
function nameByPath({ name, labels: order }: MetricDefinition, prefix: string): (labels: Labels) => SeriesName {
  return (labels) => ({
    name: [prefix + cleanName(name), ...order.map((label) => cleanSegment(labels[label] ?? ''))].join('.'),
    tags: [],
  });
}

/** Labels without a value are no tags: that is what they mean. */
function nameByTags(
  { name, labels: order }: MetricDefinition,
  { config: { prefix, constantTags }, collector }: NamingSettings,
): (labels: Labels) => SeriesName {
  const constant = Object.entries({ collector, ...constantTags });
  return (labels) => {
    const own = order.map((label) => [label, labels[label] ?? ''] as const);
    const added = constant.filter(([key]) => !order.includes(key));
    const tags = [...own, ...added].filter(([, value]) => value !== '');
    return {
      name: prefix + cleanName(name),
      tags: tags.map(([key, value]) => cutTag(`${key}:${cleanTagValue(value)}`)),
    };
  };
}

interface ToolName {
  readonly metric: string;
  readonly isOfQueue: boolean;
}

/** Only what a source publishes for the sake of Buildkite's tool has a name there. */
function toolNameOf({ cloudWatch: { namespace, name }, labels }: MetricDefinition): ToolName | undefined {
  if (typeof namespace !== 'object' || namespace.vendor !== 'Buildkite' || typeof name !== 'string') return undefined;
  return { metric: name, isOfQueue: labels.includes('queue') };
}

/** buildkite-agent-metrics v5.12.4, backend/statsd.go. */
function nameAsTool({ metric, isOfQueue }: ToolName, labels: Labels, tags: StatsdConfig['tags']): SeriesName {
  const cluster = cleanAsSent(labels['cluster'] ?? '');
  const queue = cleanAsSent(labels['queue'] ?? '');
  const hasTags = tags === 'dogstatsd';
  const ofCluster = hasTags ? ['clusters'] : ['clusters', cluster];
  const ofQueue = hasTags ? ['queues'] : ['queues', queue];
  const path = [...(cluster === '' ? [] : ofCluster), ...(isOfQueue ? ofQueue : []), metric];
  const told = [cluster === '' ? '' : `cluster:${cluster}`, isOfQueue ? `queue:${queue}` : ''];
  return { name: `buildkite.${path.join('.')}`, tags: hasTags ? told.filter((tag) => tag !== '') : [] };
}
