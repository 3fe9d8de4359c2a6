/** What a metric of the collector becomes at a receiver: its name, unit and attributes. */
import type { Labels, MetricDefinition } from '../../../../model/metric.ts';
import type { MetricKind, ResourceName } from '../points/point.ts';

/** One metric of a receiver that a metric of the collector becomes. */
export interface MetricMapping {
  readonly name: string;
  readonly unit: string;
  /** Only where it is not the kind that follows from the metric's type. */
  readonly kind?: Extract<MetricKind, 'up-down'>;
  readonly resource?: ResourceName;
  /** Undefined for a sample that this metric is not made of. Default: as they are. */
  readonly mapLabels?: (labels: Labels) => Labels | undefined;
}

/** Every metric that a metric becomes; it is not sent where there is none. */
export type MapMetric = (definition: MetricDefinition) => readonly MetricMapping[];
