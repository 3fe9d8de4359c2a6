/** Makes the events of Buildkite's own tool: one of each type for each queue, none for the totals. */
import { findToolFigure } from '../../../model/for-sinks/buildkite-tool.ts';
import type { Labels, MetricFamily } from '../../../model/metric.ts';
import type { Findings } from '../../../series/losses/findings.ts';
import type { FindingReason } from './findings.ts';
import type { QueueEvent } from './item.ts';
import { cleanValue } from './clean-attributes.ts';
import { formatSeries } from './format-items.ts';

/** buildkite-agent-metrics v5.12.4, backend/newrelic.go: two events with the same content. */
const eventTypes = ['BuildkiteQueueMetrics', 'queue_agent_metrics'] as const;

export interface EventCollector {
  /** Whether the family is one of the tool's, which then is in no metric. */
  readonly isToolFamily: (family: MetricFamily) => boolean;
  readonly add: (family: MetricFamily) => void;
  readonly finish: (timeMs: number) => readonly QueueEvent[];
}

interface Queue {
  readonly attributes: Labels;
  readonly figures: Record<string, number>;
}

export function collectEvents(findings: Findings<FindingReason>): EventCollector {
  const queues = new Map<string, Queue>();
  const put = (metric: string, labels: Labels, value: number, source: string): void => {
    const { org = '', cluster = '', queue = '' } = labels;
    if (!Number.isFinite(value)) {
      findings.note('number', source, () => formatSeries(source, labels));
      return;
    }
    // The tool has no attribute for the organisation, so equal queues of two organisations are two equal events.
    const key = JSON.stringify([org, cluster, queue]);
    const known = queues.get(key) ?? { attributes: buildAttributes(cluster, queue), figures: {} };
    known.figures[metric] = value;
    queues.set(key, known);
  };
  return {
    isToolFamily: ({ definition }) => findToolFigure(definition) !== undefined,
    add: (family) => {
      const figure = findToolFigure(family.definition);
      if (figure?.isOfQueue !== true || family.type !== 'gauge') return;
      for (const { labels, value } of family.samples) put(figure.metric, labels, value, family.definition.name);
    },
    finish: (timeMs) =>
      [...queues.values()].flatMap(({ attributes, figures }) =>
        eventTypes.map((eventType): QueueEvent => ({
          kind: 'event',
          eventType,
          timeMs: Math.floor(timeMs),
          attributes,
          figures,
        })),
      ),
  };
}

function buildAttributes(cluster: string, queue: string): Labels {
  return { Queue: cleanValue(queue), ...(cluster === '' ? {} : { Cluster: cleanValue(cluster) }) };
}
