import Registry from 'prom-client/lib/registry.js';
import type { MetricFamily } from '../model/metric.ts';
import { linesOf } from './lines.ts';
import type { Omission } from './omission.ts';
import { showable } from './showable.ts';

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

interface Counted {
  /** Samples in the text, in the model's count: a histogram is one. */
  readonly samples: number;
  /** What a page cannot show, above all counters and distributions without a running total. */
  readonly omissions: readonly Omission[];
}

export interface PrometheusText extends Counted {
  /** Text exposition 0.0.4 with a final line feed; empty without a sample. */
  readonly text: string;
}

export interface PrometheusPage extends Counted {
  /** The text, one metric at a time: all of it at once can be larger than everything else in the process. */
  readonly parts: () => AsyncIterable<string>;
}

const pageTypes = { gauge: 'gauge', counter: 'counter', distribution: 'histogram' } as const;

/** Writes families as a Prometheus page, in canonical order, each series once. */
export async function prometheusText(given: readonly MetricFamily[]): Promise<PrometheusText> {
  const { parts, ...counted } = prometheusPage(given);
  let text = '';
  for await (const part of parts()) text += part;
  return { text, ...counted };
}

/** The same, for who passes the text on while it is written. */
export function prometheusPage(given: readonly MetricFamily[]): PrometheusPage {
  const { families, omissions } = showable(given);
  const samples = families.reduce((sum, family) => sum + family.samples.length, 0);
  return { parts: () => written(families), samples, omissions };
}

async function* written(families: readonly MetricFamily[]): AsyncGenerator<string, void> {
  // A registry of its own for each page: one that lived on would show queues that are gone.
  const registry = new Registry();
  let before = '';
  for (const family of families) {
    const { name, help } = family.definition;
    const page = { name, help, type: pageTypes[family.type], values: linesOf(family) };
    registry.registerMetric({ name, get: () => Promise.resolve(page) });
    // The registry's own page has an empty line between two metrics.
    yield `${before}${await registry.getSingleMetricAsString(name)}\n`;
    before = '\n';
  }
}
