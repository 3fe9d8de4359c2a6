/** Adds the operator's own dimensions to those of a metric. */
import type { Dimension } from '../../../model/for-sinks/cloud-watch-shape.ts';

/** buildkite-agent-metrics puts the operator's dimensions before the queue (its backend/cloudwatch.go). */
const last: ReadonlySet<string> = new Set(['Queue', 'Pipeline']);

/**
 * The operator's dimensions before the queue or pipeline, or at the end. A total without dimensions stays without: its
 * readers know it by having none. Where a metric has a dimension of the same name, its own value stands.
 */
export function createDimensionAdder(
  extra: Readonly<Record<string, string>>,
): (dimensions: readonly Dimension[]) => readonly Dimension[] {
  const all = Object.entries(extra).map(([name, value]) => ({ name, value }));
  return (dimensions) => (all.length === 0 || dimensions.length === 0 ? dimensions : insertDimensions(dimensions, all));
}

function insertDimensions(dimensions: readonly Dimension[], extra: readonly Dimension[]): readonly Dimension[] {
  const added = extra.filter(({ name }) => !dimensions.some((own) => own.name === name));
  const found = dimensions.findIndex(({ name }) => last.has(name));
  const position = found === -1 ? dimensions.length : found;
  return [...dimensions.slice(0, position), ...added, ...dimensions.slice(position)];
}
