import type { PageSample } from '../../../prometheus-text/page.ts';
import type { PrometheusConfig, Target } from '../config.ts';
import { instanceOf } from './instance.ts';

/** `job`, `instance` and the operator's own, as a Prometheus server would give them to the target. */
export function targetLabels(config: PrometheusConfig, target: Target): ReadonlyMap<string, string> {
  return new Map([
    ['job', config.job ?? config.name],
    ['instance', instanceOf(target)],
    ...Object.entries(target.labels),
  ]);
}

/**
 * The labels of a series on the page together with those of its target. Where both have a name, the page's value moves
 * to `exported_<name>`, or stays when labels are honoured. Then also a label without a value keeps the one of the target
 * away: so a Pushgateway says that what was pushed belongs to no instance.
 */
export function withTargetLabels(
  { labels: own, emptyLabels = [] }: Pick<PageSample, 'labels' | 'emptyLabels'>,
  target: ReadonlyMap<string, string>,
  honorLabels: boolean,
): Map<string, string> {
  const merged = new Map(own);
  for (const [name, value] of target) {
    const scraped = own.get(name);
    if (honorLabels && (scraped !== undefined || emptyLabels.includes(name))) continue;
    if (scraped !== undefined) merged.set(exportedName(name, merged, target), scraped);
    merged.set(name, value);
  }
  return merged;
}

function exportedName(name: string, merged: ReadonlyMap<string, string>, target: ReadonlyMap<string, string>): string {
  let exported = `exported_${name}`;
  while (merged.has(exported) || target.has(exported)) exported = `exported_${exported}`;
  return exported;
}
