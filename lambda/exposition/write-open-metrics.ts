/** Writes a page in OpenMetrics 1.0: with units, starts of totals, exemplars, and a last line that proves it is whole. */
import type { MetricFamily } from '../model/metric.ts';
import { compareText } from '../model/families/order.ts';
import type { RelayedFamily } from '../model/relayed.ts';
import { type Escaping, chooseNameRules } from './escape-names.ts';
import { describeOwn, describeRelayed, type OpenMetric, collectSampleNames } from './lines/open-metric.ts';
import { selectShowableRelayed } from './showable/showable-relayed.ts';
import { selectShowable } from './showable/showable.ts';
import { escapeText, writeLine, writeName } from './lines/write-lines.ts';

export const openMetricsContentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

export interface OpenMetricsSettings {
  /** By which the names of the relayed series have been escaped; default: only classic names may stand there. */
  readonly escaping?: Escaping;
  /** Whether `_created` lines tell when totals began; default: yes. */
  readonly startTimes?: boolean;
}

/** The series of `writePrometheusText` under the same names, each metric described once. */
export function writeOpenMetrics(
  given: readonly MetricFamily[],
  givenRelayed: readonly RelayedFamily[] = [],
  { escaping = 'underscores', startTimes = true }: OpenMetricsSettings = {},
): string {
  const own = selectShowable(given).families;
  const relayed = selectShowableRelayed(givenRelayed, own, chooseNameRules(escaping)).families;
  const taken = new Set([...own.flatMap(collectOwnNames), ...relayed.flatMap(collectRelayedNames)]);
  const metrics = [
    ...own.map((family) => describeOwn(family, taken)),
    ...relayed.flatMap((family) => describeRelayed(family, taken)),
  ];
  const text = metrics.sort((a, b) => compareText(a.name, b.name)).map((metric) => writeMetric(metric, startTimes));
  return `${text.join('')}# EOF\n`;
}

function collectOwnNames({ type, definition: { name } }: MetricFamily): readonly string[] {
  return type === 'distribution'
    ? [name, ...['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`)]
    : [name];
}

function collectRelayedNames({ name, samples }: RelayedFamily): readonly string[] {
  return [...new Set([name, ...collectSampleNames(samples)])];
}

function writeMetric({ name, type, unit, help, lines }: OpenMetric, startTimes: boolean): string {
  const written = writeName(name);
  let text = `# TYPE ${written} ${type}\n`;
  if (unit !== undefined) text += `# UNIT ${written} ${unit}\n`;
  if (help !== '') text += `# HELP ${written} ${escapeText(help)}\n`;
  for (const line of lines(startTimes)) text += writeLine(line);
  return text;
}
