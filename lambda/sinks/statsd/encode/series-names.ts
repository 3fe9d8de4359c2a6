/** Finds the name and the tags of a series: the collector's own, or those of Buildkite's tool. */
import { type ToolFigure, findToolFigure, formatStatsdName } from '../../../model/for-sinks/buildkite-tool.ts';
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import type { StatsdConfig } from '../config.ts';
import { cleanAsSent, cleanName, cleanSegment, cleanTagValue, cutTag } from './clean-names.ts';

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
export function createNaming(definition: MetricDefinition, settings: NamingSettings): (labels: Labels) => SeriesName {
  const { config } = settings;
  const figure = config.compat ? findToolFigure(definition) : undefined;
  if (figure !== undefined) return (labels) => formatToolName(figure, labels, config.tags);
  return config.tags === 'none' ? createPathNaming(definition, config.prefix) : createTagNaming(definition, settings);
}

/** `ci_queue_jobs.buildkite.main.linux.default.queued`: labels in the order of their definition. */
function createPathNaming({ name, labels: order }: MetricDefinition, prefix: string): (labels: Labels) => SeriesName {
  return (labels) => ({
    name: [prefix + cleanName(name), ...order.map((label) => cleanSegment(labels[label] ?? ''))].join('.'),
    tags: [],
  });
}

/** Labels without a value are no tags: that is what they mean. */
function createTagNaming(
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

/** With what would break the protocol replaced. */
function formatToolName(figure: ToolFigure, labels: Labels, dialect: StatsdConfig['tags']): SeriesName {
  const cleaned = { cluster: cleanAsSent(labels['cluster'] ?? ''), queue: cleanAsSent(labels['queue'] ?? '') };
  const { name, tags } = formatStatsdName(figure, cleaned, dialect === 'dogstatsd' ? 'tags' : 'path');
  return { name, tags: tags.map(([key, value]) => `${key}:${value}`) };
}
