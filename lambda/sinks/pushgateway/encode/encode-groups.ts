/** Turns a batch into groups, each of which one push replaces as a whole. */
import { formatList } from '../../../model/text/wording.ts';
import { gatherRelayed, selectFamilies, omitReduced } from '../../../exposition/select-families.ts';
import type { Batch, SourceOutput } from '../../../model/batch.ts';
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
  /** Empty for a source that failed: old figures would look like those of now. */
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
export function buildCommonKey(config: PushgatewayConfig, collector: string): GroupingKey {
  return { job: config.job ?? collector, ...config.grouping };
}

/**
 * One group for the collector's own metrics, and one a source. What another invocation has pushed for this tick stays
 * as it is: the group of its source, and the health in which that source stands, for a push replaces a metric as a whole.
 */
export function encodeGroups(batch: Batch, config: PushgatewayConfig, collector: string): readonly Group[] {
  const key = buildCommonKey(config, collector);
  const makeGroup = (
    labels: GroupingKey,
    families: readonly MetricFamily[],
    relayed: readonly RelayedFamily[],
  ): Group => omitConflicts(labels, selectFamilies(families, config.metrics), relayed);
  const sources = batch.sources.filter(({ status }) => status !== 'skipped');
  const health = sources.length === batch.sources.length ? [makeGroup(key, batch.health, [])] : [];
  return [
    ...health,
    ...sources.flatMap((output) => {
      const own = { ...key, [sourceLabel]: output.source };
      const { [key['job'] ?? '']: ofOwnJob = [], ...others } = groupRelayedByJob(batch, output, config, key);
      return [
        makeGroup(own, omitReduced(output.families), ofOwnJob),
        ...Object.entries(others).map(([job, relayed]) => makeGroup({ ...own, job }, [], relayed)),
      ];
    }),
  ];
}

/** A gateway writes the group's `job` over that of the series, so series of another job need a group of their own. */
function groupRelayedByJob(
  batch: Batch,
  output: SourceOutput,
  config: PushgatewayConfig,
  key: GroupingKey,
): Readonly<Record<string, readonly RelayedFamily[]>> {
  const families = gatherRelayed({ ...batch, sources: [output] }, config.metrics);
  const chooseJob = ({ labels }: { readonly labels: Labels }): string => labels['job'] ?? key['job'] ?? '';
  const jobs = [...new Set(families.flatMap(({ samples }) => samples.map(chooseJob)))];
  const selectJob = (job: string): readonly RelayedFamily[] =>
    families
      .map((family) => ({ ...family, samples: family.samples.filter((sample) => chooseJob(sample) === job) }))
      .filter(({ samples }) => samples.length > 0);
  return Object.fromEntries(jobs.map((job) => [job, selectJob(job)]));
}

/**
 * Leaves out metrics that would get another label value than their own: a queue's figures under the name of another
 * queue are wrong, and where two of them become one series the gateway refuses the whole group.
 */
function omitConflicts(key: GroupingKey, families: readonly MetricFamily[], relayed: readonly RelayedFamily[]): Group {
  const names = Object.keys(key);
  const findConflict = (family: { readonly samples: readonly { readonly labels: Labels }[] }): string | undefined =>
    names.find((name) => isOverwritten(family, name, key));
  const checked = families.map((family) => ({ family, label: findConflict(family) }));
  const passedOn = relayed.map((family) => ({ family, label: findConflict(family) }));
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
  const isDifferent = ({ labels }: { readonly labels: Labels }): boolean => (labels[name] ?? key[name]) !== key[name];
  return samples.some(isDifferent);
}

/** One problem for each label that is in the way. */
export function describeConflicts(groups: readonly Group[], where: string): readonly Problem[] {
  const conflicts = groups.flatMap((group) => group.conflicts);
  return [...Map.groupBy(conflicts, ({ label }) => label)].map(([label, group]) => {
    const metrics = formatList([...new Set(group.map(({ metric }) => metric))]);
    const isFixed = label === 'job' || label === sourceLabel;
    const remedy = isFixed
      ? 'the sink needs this label itself; leave the metrics out with `metrics.exclude`'
      : 'choose another name in `grouping`';
    const message = `left out ${metrics}: the grouping label "${label}" would overwrite their own label of that name; ${remedy}`;
    return { kind: 'configuration', where, message };
  });
}
