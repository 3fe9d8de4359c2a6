/** The figures that a source publishes for the sake of Buildkite's own tool, and the names that it gives them in StatsD. */
import type { Labels, MetricDefinition } from './metric.ts';

/** One figure as buildkite-agent-metrics knows it. */
export interface ToolFigure {
  /** Its own name for it, such as `ScheduledJobsCount`. */
  readonly metric: string;
  /** Whether it is told of each queue, or of all of them together. */
  readonly isOfQueue: boolean;
}

/** A name in StatsD, and the tags beside it where its dialect has tags. */
export interface ToolName {
  readonly name: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** Undefined for whatever that tool does not publish. */
export function toolFigureOf({
  cloudWatch: { namespace, name },
  labels,
}: Pick<MetricDefinition, 'cloudWatch' | 'labels'>): ToolFigure | undefined {
  const isOfTool = typeof namespace === 'object' && namespace.vendor === 'Buildkite';
  return isOfTool && typeof name === 'string' ? { metric: name, isOfQueue: labels.includes('queue') } : undefined;
}

/** With tags the names are the same for every cluster and queue (v5.12.4, backend/statsd.go). */
export function taggedToolName({ metric, isOfQueue }: ToolFigure, { cluster = '', queue = '' }: Labels): ToolName {
  const path = [...(cluster === '' ? [] : ['clusters']), ...(isOfQueue ? ['queues'] : []), metric];
  return {
    name: `buildkite.${path.join('.')}`,
    tags: [
      ...(cluster === '' ? [] : [['cluster', cluster] as const]),
      ...(isOfQueue ? [['queue', queue] as const] : []),
    ],
  };
}
