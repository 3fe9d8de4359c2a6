import { type Selection, selects } from '../config/glob.ts';
import type { Batch } from '../model/batch.ts';
import type { MetricFamily } from '../model/metric.ts';

/** Keeps the families whose Prometheus name an operator's allow and deny list lets through. */
export function selected(families: readonly MetricFamily[], selection: Selection | undefined): readonly MetricFamily[] {
  if (selection === undefined) return families;
  const isSelected = selects(selection);
  return families.filter(({ definition }) => isSelected(definition.name));
}

/** Everything in a batch, the collector's own metrics included. */
export function allFamilies(batch: Batch): readonly MetricFamily[] {
  return [...batch.parts.flatMap(({ families }) => families), ...batch.health];
}
