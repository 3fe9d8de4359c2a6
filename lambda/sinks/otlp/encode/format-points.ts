/** Writes points and spans as people read them, one a line. */
import type { TraceSpan } from './traces/trace-span.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import type { Point, PointValue } from './points/point.ts';

/** `ci_queue_jobs{queue="deploy"} 3`, and for a histogram how much it holds. */
export function formatPoint({ family, labels, value }: Point): string {
  return `${formatSeries(family.name, labels)} ${formatValue(value)}`;
}

export function formatSeries(name: string, labels: LabelSet): string {
  const pairs: string[] = [];
  for (let at = 0; at < labels.length; at += 2)
    pairs.push(`${labels[at] ?? ''}=${JSON.stringify(labels[at + 1] ?? '')}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

function formatValue(value: PointValue): string {
  if (value.type === 'number') return String(value.value);
  const count = value.type === 'histogram' ? value.counts.reduce((sum, own) => sum + own, 0) : value.count;
  return `count=${String(count)} sum=${String(value.sum ?? 'unknown')}`;
}

/** `span RUN web {ci.scope="acme",…} 12 s`; one without a known start takes no time. */
export function formatSpan({ name, attributes, startMs, endMs }: TraceSpan): string {
  const shown = attributes.map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `span ${name} {${shown.join(',')}} ${String((endMs - startMs) / 1000)} s`;
}
