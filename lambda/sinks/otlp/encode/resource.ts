/** Who the metrics are from: the attributes of a resource, and the scope. */
import type { Labels } from '../../../model/metric.ts';
import { version } from '../../../version.ts';
import { compareText } from '../../../model/families/order.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import { schemaUrl } from './naming/conventions.ts';
import type { ResourceName } from './points/point.ts';

export const scope = { name: 'ci-metrics-collector', version } as const;

/** What all points of one resource have in common. */
export interface Resource {
  readonly attributes: LabelSet;
  /** Of the attributes of the resource, which are those of the conventions in any case. */
  readonly schemaUrl: string;
  /** Of the names of metrics; undefined where they are the collector's own. */
  readonly metricsSchemaUrl: string | undefined;
}

export interface ResourceSettings {
  /** Name of the deployment: it tells apart two collectors that write to one receiver. */
  readonly collector: string;
  /** The operator's own; they win. */
  readonly attributes: Labels;
  readonly naming: 'ci' | 'semconv';
}

export function buildResources(settings: ResourceSettings): Readonly<Record<ResourceName, Resource>> {
  const { collector, attributes, naming } = settings;
  const own = { 'service.name': scope.name, 'service.version': version, 'service.instance.id': collector };
  const metricsSchemaUrl = naming === 'semconv' ? schemaUrl : undefined;
  return {
    collector: { attributes: sortAttributes({ ...own, ...attributes }), schemaUrl, metricsSchemaUrl },
    // Buildkite's own tool sets it, and dashboards may select by it.
    buildkite: {
      attributes: sortAttributes({ ...own, ...attributes, 'service.namespace': 'buildkite' }),
      schemaUrl,
      metricsSchemaUrl: undefined,
    },
  };
}

function sortAttributes(attributes: Labels): LabelSet {
  return Object.entries(attributes)
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([key, value]) => [key.toWellFormed(), value.toWellFormed()]);
}
