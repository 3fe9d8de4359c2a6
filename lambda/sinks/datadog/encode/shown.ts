/** A series as a person reads it. */
import type { Point } from './point.ts';

/** `ci_queue_jobs{queue:default,state:queued}` */
export function shown({ name, tags }: Pick<Point, 'name' | 'tags'>): string {
  return `${name}{${tags.join(',')}}`;
}
