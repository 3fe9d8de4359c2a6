/** Selects the relayed series that a page can show, and lists what it leaves out. */
import { countSamples, type MetricFamily } from '../../model/metric.ts';
import { mergeRelayed, pickNewest, type RelayedFamily } from '../../model/relayed.ts';
import type { OmissionReason, Omission } from '../omission.ts';
import { classicNames, type NameRules } from './showable.ts';

export interface ShowableRelayed {
  /** By name, each name and each series once. */
  readonly families: readonly RelayedFamily[];
  readonly omissions: readonly Omission[];
}

/** Parts the relayed series that a page can show, beside its own metrics, from those that would spoil all of it. */
export function selectShowableRelayed(
  given: readonly RelayedFamily[],
  own: readonly MetricFamily[],
  rules: NameRules = classicNames,
): ShowableRelayed {
  const taken = new Set(own.flatMap(collectNames));
  const omissions: Omission[] = [];
  const all = mergeRelayed(given);
  const merged = mergeRelayed(untangleTypes(all.map(keepNewest)));
  const families = merged.filter((family) => {
    const names = [family.name, ...new Set(family.samples.map(({ name }) => name))];
    const reason = names.some((name) => taken.has(name)) ? 'type' : findNameProblem(family, rules);
    for (const name of names) taken.add(name);
    if (reason !== undefined) omissions.push({ metric: family.name, samples: family.samples.length, reason });
    return reason === undefined;
  });
  const repeated = countSamples(given) - countSamples(all);
  if (repeated > 0) omissions.push({ metric: 'relayed series', samples: repeated, reason: 'duplicate' });
  const older = countSamples(all) - countSamples(merged);
  if (older > 0) omissions.push({ metric: 'relayed series', samples: older, reason: 'older' });
  return { families, omissions };
}

/** A page has no times, so it has room for one sample of a series. */
function keepNewest(family: RelayedFamily): RelayedFamily {
  return { ...family, samples: pickNewest(family.samples) };
}

/**
 * Samples that do not fit the type of their metric are untyped under its name, or under one of its series. A page cannot
 * say both, so there all of that metric is untyped.
 */
function untangleTypes(families: readonly RelayedFamily[]): readonly RelayedFamily[] {
  const untyped = new Set(families.filter(({ type }) => type === 'untyped').map(({ name }) => name));
  return families.flatMap((family) => {
    const names = [family.name, ...family.samples.map(({ name }) => name)];
    if (family.type === 'untyped' || !names.some((name) => untyped.has(name))) return [family];
    return [...Map.groupBy(family.samples, ({ name }) => name)].map(
      ([name, samples]) => ({ ...family, name, type: 'untyped', samples }) as const,
    );
  });
}

/** All names under which a metric of the collector's own stands on a page. */
function collectNames({ type, definition: { name } }: MetricFamily): readonly string[] {
  return type === 'distribution' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

function findNameProblem(
  { samples }: RelayedFamily,
  { isMetricName, isLabelName }: NameRules,
): OmissionReason | undefined {
  if (samples.some(({ name }) => !isMetricName(name))) return 'metric-name';
  return samples.some(({ labels }) => !Object.keys(labels).every(isLabelName)) ? 'label-name' : undefined;
}
