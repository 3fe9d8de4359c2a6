/** Puts the samples of a metric together for each of its dimension sets. */
import type { SourceOutput } from '../../../model/batch.ts';
import { mergeFamilies } from '../../../model/families/merge.ts';
import type { MetricDefinition, MetricFamily } from '../../../model/metric.ts';

/** A family and the part that it came from; a vendor's family does not carry the name of its source. */
export interface Contribution {
  readonly output: Pick<SourceOutput, 'system' | 'status'>;
  readonly family: MetricFamily;
}

export interface FamilyInSet {
  readonly set: readonly string[];
  readonly family: MetricFamily;
}

export interface FamiliesInSets {
  readonly families: readonly FamilyInSet[];
  /** Series that two sources gave with the same labels; only the first is kept. */
  readonly duplicates: number;
}

/**
 * For each dimension set of a metric the samples that belong into it, over all parts of a run. A sum that lacks a part
 * is a wrong number on which an autoscaler would scale in, so a roll-up is withheld while a source that contributes to
 * it is not complete: its own source where the set keeps `source`, otherwise any source of the same system.
 */
export function groupIntoSets(
  definition: MetricDefinition,
  contributions: readonly Contribution[],
  sources: readonly Pick<SourceOutput, 'system' | 'status'>[],
): FamiliesInSets {
  const everything = mergeContributions(contributions);
  if (everything === undefined) return { families: [], duplicates: 0 };
  const systems = new Set(contributions.map(({ output }) => output.system));
  // What is added up over time is never too high or too low for long: an increase that is withheld is lost for good.
  const isLevel = definition.type === 'gauge';
  const isWhole = !isLevel || sources.every(({ system, status }) => status === 'complete' || !systems.has(system));
  const wholeSources = isWhole
    ? everything
    : mergeContributions(contributions.filter(({ output }) => output.status === 'complete'));

  const selectFamily = (set: readonly string[], index: number): MetricFamily | undefined => {
    if (index === 0 || isWhole) return everything.family;
    return set.includes('source') ? wholeSources?.family : undefined;
  };
  const families = definition.cloudWatch.dimensionSets.flatMap((set, index) => {
    const family = selectFamily(set, index);
    return family === undefined ? [] : [{ set, family }];
  });
  return { families, duplicates: everything.duplicates };
}

function mergeContributions(
  contributions: readonly Contribution[],
): { family: MetricFamily; duplicates: number } | undefined {
  const [first, ...others] = contributions;
  if (first === undefined) return undefined;
  if (others.length === 0) return { family: first.family, duplicates: 0 };
  const { families, duplicates } = mergeFamilies(contributions.map(({ family }) => family));
  const [family] = families;
  return family === undefined ? undefined : { family, duplicates };
}
