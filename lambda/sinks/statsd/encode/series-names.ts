/** Finds the name and the tags of a series: the collector's own, or those of Buildkite's tool. */
import { type ToolFigure, findToolFigure, formatStatsdName } from '../../../model/for-sinks/buildkite-tool.ts';
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import type { StatsdConfig } from '../config.ts';
import { cleanAsSent, cleanName, cleanSegment, cleanTagValue, cutTag } from './clean-names.ts';

/** As it stands on a line. */
export interface SeriesName {
  readonly name: string;
  /** `key:value`, by commas and in the order of the line; empty where there are none. */
  readonly tags: string;
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
  const metric = prefix + cleanName(name);
  const parts = order.map((label) => ({ label, clean: rememberLast(cleanSegment) }));
  // Joined and not added: an added string keeps each of its parts, and a run remembers every name.
  return (labels) => ({
    name: [metric, ...parts.map(({ label, clean }) => clean(labels[label] ?? ''))].join('.'),
    tags: '',
  });
}

/** Labels without a value are no tags: that is what they mean. */
function createTagNaming(
  { name, labels: order }: MetricDefinition,
  { config: { prefix, constantTags }, collector }: NamingSettings,
): (labels: Labels) => SeriesName {
  const metric = prefix + cleanName(name);
  const parts = order.map((label) => ({ label, write: rememberLast((value) => writeTag(label, value)) }));
  const constant = Object.entries({ collector, ...constantTags })
    .filter(([key]) => !order.includes(key))
    .map(([key, value]) => writeTag(key, value));
  const rest = constant.filter((tag) => tag !== '').join(',');
  return (labels) => {
    const own = parts.map(({ label, write }) => write(labels[label] ?? ''));
    return { name: metric, tags: [...own, rest].filter((tag) => tag !== '').join(',') };
  };
}

function writeTag(key: string, value: string): string {
  return value === '' ? '' : cutTag(`${key}:${cleanTagValue(value)}`);
}

/** Series in order repeat most labels of the one before. */
function rememberLast(write: (value: string) => string): (value: string) => string {
  let last: string | undefined;
  let written = '';
  return (value) => {
    if (value !== last) {
      last = value;
      written = write(value);
    }
    return written;
  };
}

/** With what would break the protocol replaced. */
function formatToolName(figure: ToolFigure, labels: Labels, dialect: StatsdConfig['tags']): SeriesName {
  const cleaned = { cluster: cleanAsSent(labels['cluster'] ?? ''), queue: cleanAsSent(labels['queue'] ?? '') };
  const { name, tags } = formatStatsdName(figure, cleaned, dialect === 'dogstatsd' ? 'tags' : 'path');
  return { name, tags: tags.map(([key, value]) => `${key}:${value}`).join(',') };
}
