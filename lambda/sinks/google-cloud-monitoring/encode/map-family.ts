/** As what a metric of the collector is told to Cloud Monitoring: its type, kind, unit and labels. */
import { type ToolFigure, toolFigureOf } from '../../../model/for-sinks/buildkite-tool.ts';
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import { unitOf } from '../../../model/for-sinks/ucum.ts';
import type { GoogleCloudMonitoringConfig } from '../config.ts';
import type { PointMetric } from './point.ts';

export interface MetricSettings {
  readonly config: Pick<GoogleCloudMonitoringConfig, 'typePrefix' | 'compat' | 'labels'>;
}

/** One metric of Cloud Monitoring and the labels of one of its series. */
export interface Telling {
  readonly metric: PointMetric;
  readonly labels: Labels;
}

/** How the series of a family are told; asked once for a family, and then for each of its series. */
export function tellFamily(definition: MetricDefinition, settings: MetricSettings): (labels: Labels) => Telling {
  const figure = settings.config.compat ? toolFigureOf(definition) : undefined;
  return figure === undefined ? tellAsItIs(definition, settings) : tellAsTool(figure);
}

/** Which deployment a series is of stands in its resource. */
function tellAsItIs(definition: MetricDefinition, { config }: MetricSettings): (labels: Labels) => Telling {
  const added = config.labels;
  const metric: PointMetric = {
    type: `${config.typePrefix}/${definition.name}`,
    kind: definition.type === 'gauge' ? 'GAUGE' : 'CUMULATIVE',
    valueType: valueTypeOf(definition),
    unit: unitOf(definition.name, definition.unit) || '1',
    description: definition.help,
    labels: [...new Set([...definition.labels, ...Object.keys(added)])].sort(),
    resource: 'task',
  };
  return (labels) => ({ metric, labels: { ...added, ...labels } });
}

/** Whole numbers, where nothing but whole numbers can come: the type of a metric cannot be changed later. */
function valueTypeOf({ type, unit, reduced }: MetricDefinition): PointMetric['valueType'] {
  if (type === 'distribution') return 'DISTRIBUTION';
  return (unit === 'count' || unit === 'bytes') && reduced !== true ? 'INT64' : 'DOUBLE';
}

/** buildkite-agent-metrics, backend/stackdriver.go: one type for each organisation; totals are the queue `Total`. */
function tellAsTool({ metric: figure }: ToolFigure): (labels: Labels) => Telling {
  const metrics = new Map<string, PointMetric>();
  return ({ org = '', cluster = '', queue = 'Total' }) => {
    const type = `custom.googleapis.com/buildkite/${org.replaceAll('-', '_')}/${figure}`;
    const metric: PointMetric = metrics.get(type) ?? {
      ...{ type, kind: 'GAUGE', valueType: 'INT64', unit: '1', description: figure },
      ...{ labels: ['Cluster', 'Queue'], resource: 'global' },
    };
    metrics.set(type, metric);
    return { metric, labels: { Cluster: cluster, Queue: queue } };
  };
}
