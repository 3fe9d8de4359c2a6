/** Writes the lines of a page: series with names of any script, values as Prometheus spells them, and exemplars. */
import type { Labels } from '../../model/metric.ts';
import type { RelayedExemplar } from '../../model/relayed.ts';
import { isLabelName, isMetricName } from '../showable/showable.ts';

export interface WrittenLine {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly exemplar?: RelayedExemplar | undefined;
}

/** One line with its line feed. A name that is no classic one stands in quotes inside the braces (Prometheus 3). */
export function writeLine({ name, labels, value, exemplar }: WrittenLine): string {
  const pairs = writeLabels(labels);
  const series = isMetricName(name) ? `${name}${pairs === '' ? '' : `{${pairs}}`}` : quoteSeries(name, pairs);
  return `${series} ${writeValue(value)}${exemplar === undefined ? '' : writeExemplar(exemplar)}\n`;
}

/** A name as it stands behind `# TYPE`. */
export function writeName(name: string): string {
  return isMetricName(name) ? name : `"${escapeText(name)}"`;
}

/** Text in quotes; help texts of OpenMetrics have the same escapes. */
export function escapeText(text: string): string {
  return text.replace(/[\\\n"]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** A help text of the text format, where quotes are plain characters. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\'));
}

function quoteSeries(name: string, pairs: string): string {
  return `{"${escapeText(name)}"${pairs === '' ? '' : `,${pairs}`}}`;
}

function writeLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${isLabelName(name) ? name : `"${escapeText(name)}"`}="${escapeText(value)}"`)
    .join(',');
}

function writeExemplar({ labels, value, timestampMs }: RelayedExemplar): string {
  const time = timestampMs === undefined ? '' : ` ${writeSeconds(timestampMs)}`;
  return ` # {${writeLabels(labels)}} ${writeValue(value)}${time}`;
}

/** A time in seconds without the rounding errors of a division. */
function writeSeconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000);
  const rest = Math.round(milliseconds - whole * 1000);
  return rest === 0 ? String(whole) : `${String(whole)}.${String(rest).padStart(3, '0')}`;
}

function writeValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
