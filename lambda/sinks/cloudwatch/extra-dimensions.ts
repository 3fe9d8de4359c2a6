import type { Dimension } from '../../model/cloud-watch-shape.ts';

/** buildkite-agent-metrics puts the operator's dimensions before the queue (its backend/cloudwatch.go). */
const last: ReadonlySet<string> = new Set(['Queue', 'Pipeline']);

/**
 * The operator's dimensions before the queue or pipeline, or at the end. A total without dimensions stays without: its
 * readers know it by having none. Where a metric has a dimension of the same name, its own value stands.
 */
export function withExtraDimensions(
  dimensions: readonly Dimension[],
  extra: Readonly<Record<string, string>>,
): readonly Dimension[] {
  if (dimensions.length === 0) return dimensions;
  const added = Object.entries(extra)
    .filter(([name]) => !dimensions.some((own) => own.name === name))
    .map(([name, value]) => ({ name, value }));
  if (added.length === 0) return dimensions;
  const found = dimensions.findIndex(({ name }) => last.has(name));
  const place = found === -1 ? dimensions.length : found;
  return [...dimensions.slice(0, place), ...added, ...dimensions.slice(place)];
}
