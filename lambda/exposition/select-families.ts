/** Selects the families of a batch that a page shows, by the operator's allow and deny list. */
import { type Selection, matchSelection } from '../settings/glob.ts';
import type { Batch } from '../model/batch.ts';
import type { MetricFamily } from '../model/metric.ts';
import { selectPublishable, type RelayedFamily } from '../model/relayed.ts';

/** Keeps the families whose Prometheus name an operator's allow and deny list lets through. */
export function selectFamilies(
  families: readonly MetricFamily[],
  selection: Selection | undefined,
): readonly MetricFamily[] {
  if (selection === undefined) return families;
  const isSelected = matchSelection(selection);
  return families.filter(({ definition }) => isSelected(definition.name));
}

/** Everything in a batch that a page has, the collector's own metrics included; relayed series stand apart. */
export function gatherFamilies(batch: Batch): readonly MetricFamily[] {
  return [...batch.sources.flatMap(({ families }) => omitReduced(families)), ...batch.health];
}

/** What was reduced for other sinks stands on a page as it was read. */
export function omitReduced(families: readonly MetricFamily[]): readonly MetricFamily[] {
  return families.filter(({ definition }) => definition.reduced !== true);
}

/** The relayed series of a batch that may be published, by the same allow and deny list. */
export function gatherRelayed({ sources: parts }: Batch, selection?: Selection): readonly RelayedFamily[] {
  const isSelected = matchSelection(selection ?? {});
  return parts
    .flatMap(({ status, relayed = [] }) => selectPublishable(status, relayed))
    .filter(({ name }) => isSelected(name));
}
