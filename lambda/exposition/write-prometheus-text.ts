/** Writes families as a page in the Prometheus text format 0.0.4. */
import Registry from 'prom-client/lib/registry.js';
import type { MetricFamily } from '../model/metric.ts';
import { compareText } from '../model/families/order.ts';
import type { RelayedFamily, RelayedType } from '../model/relayed.ts';
import { generateLines, type PageLine, pageTypes, generateRelayedLines } from './lines/page-lines.ts';
import type { Omission } from './omission.ts';
import { selectShowableRelayed } from './showable/showable-relayed.ts';
import { selectShowable } from './showable/showable.ts';

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

interface PageCount {
  /** Samples in the text, in the model's count: a histogram is one. */
  readonly samples: number;
  /** What a page cannot show, above all counters and distributions without a running total. */
  readonly omissions: readonly Omission[];
}

export interface PrometheusText extends PageCount {
  /** Text exposition 0.0.4 with a final line feed; empty without a sample. */
  readonly text: string;
}

export interface PrometheusPage extends PageCount {
  /** The text, one metric at a time: all of it at once can be larger than everything else in the process. */
  readonly chunks: () => AsyncIterable<string>;
}

/** Writes families as a Prometheus page, in canonical order, each series once; relayed ones without their times. */
export async function writePrometheusText(
  given: readonly MetricFamily[],
  relayed: readonly RelayedFamily[] = [],
): Promise<PrometheusText> {
  const { chunks: parts, ...counted } = preparePrometheusPage(given, relayed);
  let text = '';
  for await (const chunk of parts()) text += chunk;
  return { text, ...counted };
}

/** The same, for who passes the text on while it is written. */
export function preparePrometheusPage(
  given: readonly MetricFamily[],
  givenRelayed: readonly RelayedFamily[] = [],
): PrometheusPage {
  const own = selectShowable(given);
  const relayed = selectShowableRelayed(givenRelayed, own.families);
  const samples = [...own.families, ...relayed.families].reduce((sum, family) => sum + family.samples.length, 0);
  const metrics = [...own.families.map(describeOwn), ...relayed.families.map(describeRelayed)];
  const sorted = relayed.families.length === 0 ? metrics : metrics.sort((a, b) => compareText(a.name, b.name));
  return { chunks: () => writeMetrics(sorted), samples, omissions: [...own.omissions, ...relayed.omissions] };
}

interface PageMetric {
  readonly name: string;
  readonly help: string;
  readonly type: RelayedType;
  readonly values: () => Iterable<PageLine>;
}

function describeOwn(family: MetricFamily): PageMetric {
  const { name, help } = family.definition;
  return { name, help, type: pageTypes[family.type], values: () => generateLines(family) };
}

function describeRelayed(family: RelayedFamily): PageMetric {
  const { name, help, type } = family;
  return { name, help, type, values: () => generateRelayedLines(family) };
}

async function* writeMetrics(metrics: readonly PageMetric[]): AsyncGenerator<string, void> {
  // A registry of its own for each page: one that lived on would show queues that are gone.
  const registry = new Registry();
  let before = '';
  for (const { name, help, type, values } of metrics) {
    const negativeZeros = new Set<number>();
    const page = { name, help, type, values: noteNegativeZeros(values(), negativeZeros) };
    registry.registerMetric({ name, get: () => Promise.resolve(page) });
    const text = await registry.getSingleMetricAsString(name);
    // The registry's own page has an empty line between two metrics.
    yield `${before}${negativeZeros.size === 0 ? text : signZeros(text, negativeZeros)}\n`;
    before = '\n';
  }
}

/** The same lines; notes which of them have the value -0, which prom-client writes as 0. */
function* noteNegativeZeros(lines: Iterable<PageLine>, found: Set<number>): Generator<PageLine> {
  let index = 0;
  for (const line of lines) {
    if (Object.is(line.value, -0)) found.add(index);
    index += 1;
    yield line;
  }
}

/** Lines before the first sample of a metric: its help and its type. */
const descriptionLines = 2;

function signZeros(text: string, negativeZeros: ReadonlySet<number>): string {
  return text
    .split('\n')
    .map((line, index) => (negativeZeros.has(index - descriptionLines) ? line.replace(/ 0$/, ' -0') : line))
    .join('\n');
}
