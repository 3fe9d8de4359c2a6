/** A sample as a person reads it. */
import type { Labels } from '../../../model/metric.ts';
import type { Item } from './item.ts';

/** `ci_queue_jobs{queue="default",state="queued"}` */
export function showSeries(name: string, attributes: Labels): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}

export function showName(item: Item): string {
  return showSeries(item.kind === 'event' ? item.eventType : item.name, item.attributes);
}

/** With its figures. */
export function showItem(item: Item): string {
  if (item.kind === 'event') return `${showName(item)} ${showFigures(item.figures)}`;
  return `${showName(item)} ${item.kind === 'observations' ? showFigures({ ...item.value }) : String(item.value)}`;
}

function showFigures(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}
