/** Writes points as people read them, one a line. */
import type { LabelSet } from '../../../series/label-set.ts';
import type { Point } from './point.ts';

/** `custom.googleapis.com/ci/ci_queue_jobs{queue="deploy"} 3`, and for a distribution how much it holds. */
export function formatPoint({ family, labels, value }: Point): string {
  const text =
    'number' in value
      ? String(value.number)
      : `count=${String(value.distribution.counts.reduce((sum, own) => sum + own, 0))} sum=${String(value.distribution.sum)}`;
  return `${formatSeries(family.type, labels)} ${text}`;
}

export function formatSeries(type: string, labels: LabelSet): string {
  const pairs: string[] = [];
  for (let at = 0; at < labels.length; at += 2)
    pairs.push(`${labels[at] ?? ''}=${JSON.stringify(labels[at + 1] ?? '')}`);
  return `${type}{${pairs.join(',')}}`;
}
