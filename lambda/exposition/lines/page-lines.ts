/** Turns families into the lines of a Prometheus page, one by one. */
import type { DistributionFamily, Labels, MetricFamily, RunningHistogram } from '../../model/metric.ts';
import { compareText } from '../../model/families/order.ts';
import type { RelayedFamily } from '../../model/relayed.ts';

/** One line of a page, as prom-client's registry takes it. */
export interface PageLine {
  /** Default: the name of the metric. */
  readonly metricName?: string;
  readonly labels: Labels;
  readonly sharedLabels: Labels;
  readonly value: number;
}

/** How a page calls the types of the model. */
export const pageTypes = { gauge: 'gauge', counter: 'counter', distribution: 'histogram' } as const;

const none: Labels = {};

/** The lines of one metric, made one by one while the page is written: all of them at once would double its memory. */
export function* generateLines(family: MetricFamily): Generator<PageLine> {
  const order = createLabelOrder(family.samples[0]?.labels ?? none);
  if (family.type === 'distribution') {
    yield* generateHistograms(family, order);
    return;
  }
  for (const sample of family.samples) {
    const value = 'value' in sample ? sample.value : sample.total?.value;
    if (value !== undefined) yield { labels: order(sample.labels), sharedLabels: none, value };
  }
}

/** The lines of a relayed metric, as they were read. */
export function* generateRelayedLines({ samples }: RelayedFamily): Generator<PageLine> {
  for (const { name, labels, value } of samples) yield { metricName: name, labels, sharedLabels: none, value };
}

function* generateHistograms({ definition, samples }: DistributionFamily, order: LabelOrder): Generator<PageLine> {
  for (const { labels, total } of samples)
    if (total !== undefined) yield* generateHistogram(definition.name, order(labels), total);
}

function* generateHistogram(
  name: string,
  labels: Labels,
  { bounds, counts, sum }: RunningHistogram,
): Generator<PageLine> {
  let cumulative = 0;
  for (const [index, count] of counts.entries()) {
    cumulative += count;
    const bound = bounds[index];
    const le = bound === undefined ? '+Inf' : String(bound);
    yield { metricName: `${name}_bucket`, labels: { ...labels, le }, sharedLabels: none, value: cumulative };
  }
  yield { metricName: `${name}_sum`, labels, sharedLabels: none, value: sum };
  yield { metricName: `${name}_count`, labels, sharedLabels: none, value: cumulative };
}

type LabelOrder = (labels: Labels) => Labels;

/** The registry prints labels in the order of their keys; a family has one set of names, so it is sorted once. */
function createLabelOrder(first: Labels): LabelOrder {
  const written = Object.keys(first);
  const sorted = written.toSorted(compareText);
  const isInOrder = written.every((name, index) => name === sorted[index]);
  return (labels) => {
    const names = Object.keys(labels);
    if (names.length !== written.length || names.some((name, index) => name !== written[index]))
      return reorderLabels(labels, names.sort(compareText));
    return isInOrder ? labels : reorderLabels(labels, sorted);
  };
}

function reorderLabels(labels: Labels, names: readonly string[]): Labels {
  const ordered: Record<string, string> = {};
  for (const name of names) ordered[name] = labels[name] ?? '';
  return ordered;
}
