/** Writes samples as people read them. */
import type { Labels } from '../../../model/metric.ts';
import type { Item } from './item.ts';

/** `ci_queue_jobs{queue="default",state="queued"}` */
export function formatSeries(name: string, attributes: Labels): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}

export function formatName(item: Item): string {
  return formatSeries(item.kind === 'event' ? item.eventType : item.name, item.attributes);
}

/** With its figures. */
export function formatItem(item: Item): string {
  if (item.kind === 'event') return `${formatName(item)} ${formatFigures(item.figures)}`;
  return `${formatName(item)} ${item.kind === 'observations' ? formatFigures({ ...item.value }) : String(item.value)}`;
}

function formatFigures(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}
