/** Writes a series as people read it. */
import type { Point } from './point.ts';

/** `ci_queue_jobs{queue:default,state:queued}` */
export function formatSeries({ name, tags }: Pick<Point, 'name' | 'tags'>): string {
  return `${name}{${tags.join(',')}}`;
}
