/** Adds the labels of a target to the series of its page, as a Prometheus server does. */
import type { PageSample } from '../../../prometheus-text/page.ts';
import type { PrometheusConfig, Target } from '../config.ts';
import { formatInstance } from './instance.ts';

/** `job`, `instance` and the operator's own, as a Prometheus server would give them to the target. */
export function buildTargetLabels(config: PrometheusConfig, target: Target): ReadonlyMap<string, string> {
  return new Map([
    ['job', config.job ?? config.name],
    ['instance', formatInstance(target)],
    ...Object.entries(target.labels),
  ]);
}

/**
 * The labels of a series on the page together with those of its target. Where both have a name, the page's value moves
 * to `exported_<name>`, or stays when labels are honoured. Then also a label without a value keeps the one of the target
 * away: so a Pushgateway says that what was pushed belongs to no instance.
 */
export function addTargetLabels(
  { labels: own, emptyLabels = [] }: Pick<PageSample, 'labels' | 'emptyLabels'>,
  target: ReadonlyMap<string, string>,
  honorLabels: boolean,
): Map<string, string> {
  const merged = new Map(own);
  for (const [name, value] of target) {
    const scraped = own.get(name);
    if (honorLabels && (scraped !== undefined || emptyLabels.includes(name))) continue;
    if (scraped !== undefined) merged.set(findExportedName(name, merged, target), scraped);
    merged.set(name, value);
  }
  return merged;
}

function findExportedName(
  name: string,
  merged: ReadonlyMap<string, string>,
  target: ReadonlyMap<string, string>,
): string {
  let exported = `exported_${name}`;
  while (merged.has(exported) || target.has(exported)) exported = `exported_${exported}`;
  return exported;
}
