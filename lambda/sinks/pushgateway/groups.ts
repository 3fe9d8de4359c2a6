import { listed } from '../../exposition/omission.ts';
import { selected } from '../../exposition/selected.ts';
import type { Batch } from '../../model/batch.ts';
import type { Labels, MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import type { PushgatewayConfig } from './config.ts';
import type { GroupingKey } from './grouping-path.ts';

/** The label that tells the sources of one collector apart. */
export const sourceLabel = 'source';

/** What one PUT replaces as a whole. */
export interface Group {
  readonly key: GroupingKey;
  /** Empty for a source that failed: its old figures must not look live. */
  readonly families: readonly MetricFamily[];
  readonly conflicts: readonly Conflict[];
}

/** A metric whose own label the gateway would overwrite with that of the group. */
interface Conflict {
  readonly metric: string;
  readonly label: string;
}

/** The labels that all groups of this collector share. */
export function commonKey(config: PushgatewayConfig, collector: string): GroupingKey {
  return { job: config.job ?? collector, ...config.grouping };
}

/** One group for the collector's own metrics, and one a source. */
export function groupsOf(
  batch: Batch,
  config: PushgatewayConfig,
  collector: string,
): readonly [Group, ...(readonly Group[])] {
  const key = commonKey(config, collector);
  const group = (labels: GroupingKey, families: readonly MetricFamily[]): Group =>
    withoutConflicts(labels, selected(families, config.metrics));
  return [
    group(key, batch.health),
    // What another invocation has pushed for this tick stays as it is.
    ...batch.parts
      .filter(({ status }) => status !== 'skipped')
      .map(({ source, families }) => group({ ...key, [sourceLabel]: source }, families)),
  ];
}

/**
 * Leaves out metrics that would get another label value than their own: a queue's figures under the name of another
 * queue are wrong, and where two of them become one series the gateway refuses the whole group.
 */
function withoutConflicts(key: GroupingKey, families: readonly MetricFamily[]): Group {
  const names = Object.keys(key);
  const checked = families.map((family) => ({ family, label: names.find((name) => isOverwritten(family, name, key)) }));
  return {
    key,
    families: checked.filter(({ label }) => label === undefined).map(({ family }) => family),
    conflicts: checked.flatMap(({ family, label }) =>
      label === undefined ? [] : [{ metric: family.definition.name, label }],
    ),
  };
}

function isOverwritten({ samples }: MetricFamily, name: string, key: GroupingKey): boolean {
  const differs = ({ labels }: { readonly labels: Labels }): boolean => (labels[name] ?? key[name]) !== key[name];
  return samples.some(differs);
}

/** One problem for each label that is in the way. */
export function problemsOfConflicts(groups: readonly Group[], where: string): readonly Problem[] {
  const conflicts = groups.flatMap((group) => group.conflicts);
  return [...Map.groupBy(conflicts, ({ label }) => label)].map(([label, group]) => {
    const metrics = listed([...new Set(group.map(({ metric }) => metric))]);
    const isFixed = label === 'job' || label === sourceLabel;
    const remedy = isFixed
      ? 'the sink needs this label itself; leave the metrics out with `metrics.exclude`'
      : 'choose another name in `grouping`';
    const message = `left out ${metrics}: the grouping label "${label}" would overwrite their own label of that name; ${remedy}`;
    return { kind: 'configuration', where, message };
  });
}
