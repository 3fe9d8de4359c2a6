/** Lays out graphs in rows of the dashboard. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { splitChunks } from '../../lambda/model/lists/split-chunks.ts';

/** Columns of a CloudWatch dashboard. */
const columns = 24;

/** Three graphs a row are still readable on a laptop. */
const mostPerRow = 3;

export interface Graph {
  readonly title: string;
  readonly metrics: readonly cloudwatch.IMetric[];
  readonly period: Duration;
  readonly unit?: string;
  readonly stacked?: boolean;
  readonly max?: number;
  readonly annotations?: readonly cloudwatch.HorizontalAnnotation[];
}

/** A question and the graphs that answer it, in rows as wide as the dashboard; nothing when there is no graph. */
export function buildSection(question: string, explanation: string, graphs: readonly Graph[]): cloudwatch.IWidget[][] {
  if (graphs.length === 0) return [];
  const heading = new cloudwatch.TextWidget({ markdown: `## ${question}\n${explanation}`, width: columns, height: 2 });
  return [[heading], ...buildRows(graphs)];
}

function buildRows(graphs: readonly Graph[]): cloudwatch.IWidget[][] {
  const perRow = graphs.length === 4 ? 2 : Math.min(graphs.length, mostPerRow);
  return splitChunks(graphs, perRow).map((row) => row.map((graph) => buildWidget(graph, columns / row.length)));
}

function buildWidget(graph: Graph, width: number): cloudwatch.GraphWidget {
  const { title, metrics, period, unit, stacked = false, max, annotations = [] } = graph;
  return new cloudwatch.GraphWidget({
    title,
    left: [...metrics],
    leftAnnotations: [...annotations],
    leftYAxis: {
      min: 0,
      showUnits: false,
      ...(unit === undefined ? {} : { label: unit }),
      ...(max === undefined ? {} : { max }),
    },
    stacked,
    period,
    width,
    height: 6,
  });
}
