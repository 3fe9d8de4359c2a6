/** Maps a metric of the collector to one of Cloud Monitoring: its type, kind, unit and labels. */
import { type ToolFigure, findToolFigure } from '../../../model/for-sinks/buildkite-tool.ts';
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import { formatUnit } from '../../../model/for-sinks/ucum.ts';
import type { GoogleCloudMonitoringConfig } from '../config.ts';
import type { PointMetric } from './point.ts';

export interface MetricSettings {
  readonly config: Pick<GoogleCloudMonitoringConfig, 'typePrefix' | 'compat' | 'labels'>;
}

/** One metric of Cloud Monitoring and the labels of one of its series. */
export interface MappedSeries {
  readonly metric: PointMetric;
  readonly labels: Labels;
}

/** Called once for a family; the function that it returns maps each of its series. */
export function mapFamily(definition: MetricDefinition, settings: MetricSettings): (labels: Labels) => MappedSeries {
  const figure = settings.config.compat ? findToolFigure(definition) : undefined;
  return figure === undefined ? mapAsItIs(definition, settings) : mapAsTool(figure);
}

/** The resource names the deployment, so no label does. */
function mapAsItIs(definition: MetricDefinition, { config }: MetricSettings): (labels: Labels) => MappedSeries {
  const added = config.labels;
  const metric: PointMetric = {
    type: `${config.typePrefix}/${definition.name}`,
    kind: definition.type === 'gauge' ? 'GAUGE' : 'CUMULATIVE',
    valueType: chooseValueType(definition),
    unit: formatUnit(definition.name, definition.unit) || '1',
    description: definition.help,
    labels: [...new Set([...definition.labels, ...Object.keys(added)])].sort(),
    resource: 'task',
  };
  return (labels) => ({ metric, labels: { ...added, ...labels } });
}

/** Whole numbers, where nothing but whole numbers can come: the type of a metric cannot be changed later. */
function chooseValueType({ type, unit, reduced }: MetricDefinition): PointMetric['valueType'] {
  if (type === 'distribution') return 'DISTRIBUTION';
  return (unit === 'count' || unit === 'bytes') && reduced !== true ? 'INT64' : 'DOUBLE';
}

/** buildkite-agent-metrics, backend/stackdriver.go: one type for each organisation; totals are the queue `Total`. */
function mapAsTool({ metric: figure }: ToolFigure): (labels: Labels) => MappedSeries {
  const metrics = new Map<string, PointMetric>();
  return ({ org = '', cluster = '', queue = 'Total' }) => {
    const type = `custom.googleapis.com/buildkite/${org.replaceAll('-', '_')}/${figure}`;
    const metric: PointMetric = metrics.get(type) ?? {
      type,
      kind: 'GAUGE',
      valueType: 'INT64',
      unit: '1',
      description: figure,
      labels: ['Cluster', 'Queue'],
      resource: 'global',
    };
    metrics.set(type, metric);
    return { metric, labels: { Cluster: cluster, Queue: queue } };
  };
}
