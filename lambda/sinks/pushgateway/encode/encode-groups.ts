import { list } from '../../../model/text/wording.ts';
import { allRelayed, selected, unreduced } from '../../../exposition/select-families.ts';
import type { Batch, SourcePart } from '../../../model/batch.ts';
import type { Labels, MetricFamily } from '../../../model/metric.ts';
import type { Problem } from '../../../model/problem.ts';
import type { RelayedFamily } from '../../../model/relayed.ts';
import type { PushgatewayConfig } from '../config.ts';
import type { GroupingKey } from './grouping-path.ts';

/** The label that tells the sources of one collector apart. */
export const sourceLabel = 'source';

/** What one PUT replaces as a whole. */
export interface Group {
  readonly key: GroupingKey;
  /** Empty for a source that failed: its old figures must not look live. */
  readonly families: readonly MetricFamily[];
  readonly relayed: readonly RelayedFamily[];
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

/**
 * One group for the collector's own metrics, and one a source. What another invocation has pushed for this tick stays
 * as it is: the group of its source, and the health in which that source stands, for a push replaces a metric as a whole.
 */
export function groupsOf(batch: Batch, config: PushgatewayConfig, collector: string): readonly Group[] {
  const key = commonKey(config, collector);
  const group = (labels: GroupingKey, families: readonly MetricFamily[], relayed: readonly RelayedFamily[]): Group =>
    withoutConflicts(labels, selected(families, config.metrics), relayed);
  const parts = batch.parts.filter(({ status }) => status !== 'skipped');
  const health = parts.length === batch.parts.length ? [group(key, batch.health, [])] : [];
  return [
    ...health,
    ...parts.flatMap((part) => {
      const own = { ...key, [sourceLabel]: part.source };
      const { [key['job'] ?? '']: ofOwnJob = [], ...others } = relayedByJob(batch, part, config, key);
      return [
        group(own, unreduced(part.families), ofOwnJob),
        ...Object.entries(others).map(([job, relayed]) => group({ ...own, job }, [], relayed)),
      ];
    }),
  ];
}

/** A gateway writes the group's `job` over that of the series, so series of another job need a group of their own. */
function relayedByJob(
  batch: Batch,
  part: SourcePart,
  config: PushgatewayConfig,
  key: GroupingKey,
): Readonly<Record<string, readonly RelayedFamily[]>> {
  const families = allRelayed({ ...batch, parts: [part] }, config.metrics);
  const jobOf = ({ labels }: { readonly labels: Labels }): string => labels['job'] ?? key['job'] ?? '';
  const jobs = [...new Set(families.flatMap(({ samples }) => samples.map(jobOf)))];
  const ofJob = (job: string): readonly RelayedFamily[] =>
    families
      .map((family) => ({ ...family, samples: family.samples.filter((sample) => jobOf(sample) === job) }))
      .filter(({ samples }) => samples.length > 0);
  return Object.fromEntries(jobs.map((job) => [job, ofJob(job)]));
}

/**
 * Leaves out metrics that would get another label value than their own: a queue's figures under the name of another
 * queue are wrong, and where two of them become one series the gateway refuses the whole group.
 */
function withoutConflicts(
  key: GroupingKey,
  families: readonly MetricFamily[],
  relayed: readonly RelayedFamily[],
): Group {
  const names = Object.keys(key);
  const conflictOf = (family: { readonly samples: readonly { readonly labels: Labels }[] }): string | undefined =>
    names.find((name) => isOverwritten(family, name, key));
  const checked = families.map((family) => ({ family, label: conflictOf(family) }));
  const passedOn = relayed.map((family) => ({ family, label: conflictOf(family) }));
  return {
    key,
    families: checked.filter(({ label }) => label === undefined).map(({ family }) => family),
    relayed: passedOn.filter(({ label }) => label === undefined).map(({ family }) => family),
    conflicts: [
      ...checked.map(({ family, label }) => ({ metric: family.definition.name, label })),
      ...passedOn.map(({ family, label }) => ({ metric: family.name, label })),
    ].flatMap(({ metric, label }) => (label === undefined ? [] : [{ metric, label }])),
  };
}

function isOverwritten(
  { samples }: { readonly samples: readonly { readonly labels: Labels }[] },
  name: string,
  key: GroupingKey,
): boolean {
  const differs = ({ labels }: { readonly labels: Labels }): boolean => (labels[name] ?? key[name]) !== key[name];
  return samples.some(differs);
}

/** One problem for each label that is in the way. */
export function problemsOfConflicts(groups: readonly Group[], where: string): readonly Problem[] {
  const conflicts = groups.flatMap((group) => group.conflicts);
  return [...Map.groupBy(conflicts, ({ label }) => label)].map(([label, group]) => {
    const metrics = list([...new Set(group.map(({ metric }) => metric))]);
    const isFixed = label === 'job' || label === sourceLabel;
    const remedy = isFixed
      ? 'the sink needs this label itself; leave the metrics out with `metrics.exclude`'
      : 'choose another name in `grouping`';
    const message = `left out ${metrics}: the grouping label "${label}" would overwrite their own label of that name; ${remedy}`;
    return { kind: 'configuration', where, message };
  });
}
