/** The figures of Buildkite's own tool, buildkite-agent-metrics, and the names that it gives them in StatsD. */
import type { Labels, MetricDefinition } from '../metric.ts';

/** One figure as buildkite-agent-metrics knows it. */
export interface ToolFigure {
  /** Its own name for it, such as `ScheduledJobsCount`. */
  readonly metric: string;
  /** Whether it is told of each queue, or of all of them together. */
  readonly isOfQueue: boolean;
}

/** Undefined for whatever that tool does not publish. */
export function findToolFigure({
  cloudWatch: { namespace, name },
  labels,
}: Pick<MetricDefinition, 'cloudWatch' | 'labels'>): ToolFigure | undefined {
  const isOfTool = typeof namespace === 'object' && namespace.vendor === 'Buildkite';
  return isOfTool && typeof name === 'string' ? { metric: name, isOfQueue: labels.includes('queue') } : undefined;
}

export interface ToolName {
  readonly name: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/**
 * Its name in StatsD (v5.12.4, backend/statsd.go): cluster and queue are tags, so that all of them share a name, or parts
 * of the path. The values are used as they are given: the caller cleans them before.
 */
export function formatStatsdName(
  { metric, isOfQueue }: ToolFigure,
  { cluster = '', queue = '' }: Labels,
  as: 'tags' | 'path',
): ToolName {
  const parts: readonly (readonly [level: string, key: string, value: string])[] = [
    ...(cluster === '' ? [] : [['clusters', 'cluster', cluster] as const]),
    ...(isOfQueue ? [['queues', 'queue', queue] as const] : []),
  ];
  const path = parts.flatMap(([level, , value]) => (as === 'tags' ? [level] : [level, value]));
  return {
    name: ['buildkite', ...path, metric].join('.'),
    tags: as === 'tags' ? parts.map(([, key, value]) => [key, value]) : [],
  };
}
