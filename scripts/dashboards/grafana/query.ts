/** Turns a panel of the CloudWatch dashboard into queries in PromQL. */
import type { Panel } from '../../../infra/dashboard/questions.ts';
import type { Combination, MetricDefinition } from '../../../lambda/model/metric.ts';
import { selector } from '../promql.ts';

/** One line of a graph for each series that the expression gives. */
export interface Query {
  readonly expr: string;
  /** Template of Grafana for the name of a line. */
  readonly legend: string;
  /** Unit of Grafana. */
  readonly unit: string;
}

/** What a line does not tell apart; `source` and `scope` are chosen above the graphs. */
const summedUp: readonly string[] = ['system', 'source', 'state', 'result', 'attempt', 'rank'];

const aggregations = {
  sum: 'sum',
  max: 'max',
  min: 'min',
  // Both are shares of one queue; a line stands for one, so that nothing is weighed.
  ratio: 'avg',
  'whole-percent': 'avg',
} as const satisfies Record<Combination, string>;

const units = {
  count: 'short',
  seconds: 's',
  bytes: 'bytes',
  ratio: 'percentunit',
  percent: 'percent',
  timestamp: 's',
  // Grafana has no money without a country; the label says which.
  currency: 'short',
} as const satisfies Record<MetricDefinition['unit'], string>;

/** A panel of the dashboard in CloudWatch, asked of Prometheus. */
export function queryOf({ metric, labels = {}, otherwise }: Pick<Panel, 'metric' | 'labels' | 'otherwise'>): Query {
  const lines = linesOf(metric).filter((label) => !Object.hasOwn(labels, label));
  const asked = [metric, ...(otherwise === undefined ? [] : [otherwise])];
  return {
    // What has a line already is left out behind `or`.
    expr: asked.map((one) => expressionOf(one, labels, lines)).join(' or '),
    legend: lines.map((label) => `{{${label}}}`).join(' · '),
    unit: units[metric.unit],
  };
}

function linesOf({ type, labels }: MetricDefinition): readonly string[] {
  const told = labels.filter((label) => !summedUp.includes(label) && !(type !== 'gauge' && label === 'branch'));
  return told.length === 0 ? ['source'] : told;
}

function expressionOf(
  metric: MetricDefinition,
  labels: Readonly<Record<string, string>>,
  lines: readonly string[],
): string {
  const by = lines.join(', ');
  const chosen = ['source', 'scope']
    .filter((label) => metric.labels.includes(label))
    .map((label) => `${label}=~"$${label}"`);
  const of = (name: string): string => selector({ ...metric, name }, labels, chosen);
  switch (metric.type) {
    case 'distribution':
      return `histogram_quantile(0.95, sum by (le, ${by}) (rate(${of(`${metric.name}_bucket`)}[$__rate_interval])))`;
    case 'counter':
      return `sum by (${by}) (increase(${of(metric.name)}[$__rate_interval]))`;
    case 'gauge': {
      const value = `${aggregations[metric.combination]} by (${by}) (${of(metric.name)})`;
      return metric.unit === 'timestamp' ? `time() - ${value}` : value;
    }
  }
}
