/** Writes selectors and durations in PromQL. */
import type { Labels, MetricDefinition, MetricType } from '../../lambda/model/metric.ts';

/**
 * A selector of one metric of the catalogue. Its labels are checked by the compiler, listed values here, so that no
 * rule waits for a series that no sink writes.
 */
export function selector<Label extends string>(
  { name, enumerated }: MetricDefinition<MetricType, Label>,
  labels: Partial<Labels<NoInfer<Label>>> = {},
  furtherMatchers: readonly string[] = [],
): string {
  const listed: Readonly<Record<string, readonly string[] | undefined>> = enumerated ?? {};
  const own = Object.entries<string | undefined>(labels).flatMap(([label, value]) => {
    if (value === undefined) return [];
    const values = listed[label];
    if (values !== undefined && !values.includes(value)) throw new Error(`${name} has no ${label} "${value}"`);
    return [`${label}=${JSON.stringify(value)}`];
  });
  const matchers = [...own, ...furtherMatchers];
  return matchers.length === 0 ? name : `${name}{${matchers.join(', ')}}`;
}

/** A duration of Prometheus that is a whole number of minutes, in its largest unit. */
export function durationOf(minutes: number): string {
  if (minutes % (24 * 60) === 0) return `${String(minutes / (24 * 60))}d`;
  return minutes % 60 === 0 ? `${String(minutes / 60)}h` : `${String(minutes)}m`;
}
