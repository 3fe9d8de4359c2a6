/** As what a metric of the collector is told to a receiver. */
import type { Labels, MetricDefinition } from '../../../../model/metric.ts';
import type { MetricKind, ResourceName } from '../points/point.ts';

/** One metric of a receiver that a metric of the collector becomes. */
export interface Telling {
  readonly name: string;
  readonly unit: string;
  /** Only where it is not the kind that follows from the metric's type. */
  readonly kind?: Extract<MetricKind, 'up-down'>;
  readonly resource?: ResourceName;
  /** Undefined for a sample that this metric is not made of. Default: as they are. */
  readonly attributesOf?: (labels: Labels) => Labels | undefined;
}

/** Every metric that a metric becomes; without one it is not told. */
export type Tell = (definition: MetricDefinition) => readonly Telling[];
