import type { MetricFamily } from '../model/metric.ts';
import { mergeRelayed, type RelayedFamily } from '../model/relayed.ts';
import type { Flaw, Omission } from './omission.ts';
import { isLabelName, isMetricName } from './showable.ts';

export interface ShowableRelayed {
  /** By name, each name and each series once. */
  readonly families: readonly RelayedFamily[];
  readonly omissions: readonly Omission[];
}

/** Parts the relayed series that a page can show, beside its own metrics, from those that would spoil all of it. */
export function showableRelayed(given: readonly RelayedFamily[], own: readonly MetricFamily[]): ShowableRelayed {
  const taken = new Set(own.flatMap(namesOf));
  const omissions: Omission[] = [];
  const merged = mergeRelayed(given);
  const families = merged.filter((family) => {
    const names = [family.name, ...new Set(family.samples.map(({ name }) => name))];
    const flaw = names.some((name) => taken.has(name)) ? 'type' : nameFlaw(family);
    for (const name of names) taken.add(name);
    if (flaw !== undefined) omissions.push({ metric: family.name, samples: family.samples.length, flaw });
    return flaw === undefined;
  });
  const repeated = samplesIn(given) - samplesIn(merged);
  if (repeated > 0) omissions.push({ metric: 'relayed series', samples: repeated, flaw: 'duplicate' });
  return { families, omissions };
}

/** All names under which a metric of the collector's own stands on a page. */
function namesOf({ type, definition: { name } }: MetricFamily): readonly string[] {
  return type === 'distribution' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

function nameFlaw({ samples }: RelayedFamily): Flaw | undefined {
  if (samples.some(({ name }) => !isMetricName(name))) return 'metric-name';
  return samples.some(({ labels }) => !Object.keys(labels).every(isLabelName)) ? 'label-name' : undefined;
}

function samplesIn(families: readonly RelayedFamily[]): number {
  return families.reduce((sum, { samples }) => sum + samples.length, 0);
}
