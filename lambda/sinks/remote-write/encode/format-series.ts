/** Writes a series as PromQL and the text format do, for people. */
import type { LabelSet } from '../../../series/label-set.ts';
import type { Series } from './series.ts';

/** A series as PromQL and the text format write it: `ci_queue_jobs{queue="deploy"}`. */
export function formatLabels(labels: LabelSet): string {
  let name = '';
  const pairs: string[] = [];
  for (let at = 0; at < labels.length; at += 2) {
    const [label = '', value = ''] = labels.slice(at, at + 2);
    if (label === '__name__') name = value;
    else pairs.push(`${label}="${escapeValue(value)}"`);
  }
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** One line of the text format, without a timestamp. */
export function formatSeries({ labels, value }: Series): string {
  return `${formatLabels(labels)} ${formatValue(value)}`;
}

function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

/** Prometheus text format 0.0.4: three characters of a label value are escaped. */
function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
