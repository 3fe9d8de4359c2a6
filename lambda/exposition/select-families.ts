import { type Selection, selects } from '../config/glob.ts';
import type { Batch } from '../model/batch.ts';
import type { MetricFamily } from '../model/metric.ts';
import { publishable, type RelayedFamily } from '../model/relayed.ts';

/** Keeps the families whose Prometheus name an operator's allow and deny list lets through. */
export function selected(families: readonly MetricFamily[], selection: Selection | undefined): readonly MetricFamily[] {
  if (selection === undefined) return families;
  const isSelected = selects(selection);
  return families.filter(({ definition }) => isSelected(definition.name));
}

/** Everything in a batch that a page has, the collector's own metrics included; relayed series stand apart. */
export function allFamilies(batch: Batch): readonly MetricFamily[] {
  return [...batch.parts.flatMap(({ families }) => unreduced(families)), ...batch.health];
}

/** What was reduced for other sinks stands on a page as it was read. */
export function unreduced(families: readonly MetricFamily[]): readonly MetricFamily[] {
  return families.filter(({ definition }) => definition.reduced !== true);
}

/** The relayed series of a batch that may be published, by the same allow and deny list. */
export function allRelayed({ parts }: Batch, selection?: Selection): readonly RelayedFamily[] {
  const isSelected = selects(selection ?? {});
  return parts
    .flatMap(({ status, relayed = [] }) => publishable(status, relayed))
    .filter(({ name }) => isSelected(name));
}
