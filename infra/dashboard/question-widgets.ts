import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { dimensionName } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { Labels } from '../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { Prepared } from '../prepared.ts';
import { type Panel, questions } from './questions.ts';
import { type PublishedMetric, labelSets, namesOf, publishedMetrics } from '../metrics/published-metrics.ts';
import { searchFor } from './search-expression.ts';
import { scheduleRate } from '../settings.ts';
import { type Graph, section } from './widgets.ts';

/** Labels that tell one thing that is watched from another; the metrics without them are totals. */
const objectLabels = ['queue', 'pipeline', 'deploy_environment', 'error'] as const;

/**
 * What the first `cloudwatch` sink publishes of every queue and pipeline, also of those that appear later; nothing
 * without one.
 */
export function questionRows(prepared: Prepared): cloudwatch.IWidget[][] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return [];
  const perObject = publishedMetrics(prepared, sink).filter(isOfObject);
  const period = scheduleRate(prepared.config);
  return questions.flatMap(({ question, explanation, panels }) =>
    section(
      question,
      explanation,
      panels.flatMap((panel) => graphOf(panel, perObject, { prepared, sink, period })),
    ),
  );
}

/** Totals are left out beside what they add up; what has no parts is of the source as a whole. */
function isOfObject({ definition, labels }: PublishedMetric): boolean {
  if (objectLabelOf(labels) !== undefined) return true;
  return labelSets(definition).every((set) => objectLabelOf(set) === undefined);
}

function objectLabelOf(labels: readonly string[]): string | undefined {
  return objectLabels.find((label) => labels.includes(label));
}

interface Context {
  readonly prepared: Prepared;
  readonly sink: CloudWatchConfig;
  readonly period: Duration;
}

function graphOf(panel: Panel, perObject: readonly PublishedMetric[], context: Context): readonly Graph[] {
  const { besides } = panel;
  const { sink, period } = context;
  if (besides !== undefined && perObject.every(({ definition }) => definition !== besides)) return [];
  const shown = perObject.filter((published) => isShown(panel, published));
  const searches = [
    ...shown.map((published) => searchOf(published, sink, period)),
    ...searchesOtherwise(panel, shown, perObject, context),
  ];
  if (searches.length === 0) return [];
  const { title, unit, stacked = false, alarm } = panel;
  return [
    {
      title,
      period,
      stacked,
      metrics: searches,
      ...(unit === undefined ? {} : { unit }),
      ...(alarm === undefined ? {} : { annotations: [{ value: alarm.above, label: alarm.label }] }),
    },
  ];
}

/** Of each source that does not publish the panel's metric; of all together where none does. */
function searchesOtherwise(
  { metric, labels = {}, otherwise }: Panel,
  shown: readonly PublishedMetric[],
  perObject: readonly PublishedMetric[],
  { prepared, sink, period }: Context,
): readonly cloudwatch.SearchExpression[] {
  if (otherwise === undefined) return [];
  const others = perObject.filter((published) => isShown({ metric: otherwise, labels }, published));
  if (shown.length === 0) return others.map((published) => searchOf(published, sink, period));
  return prepared.sources
    .filter(({ metrics }) => metrics.includes(otherwise) && !metrics.includes(metric))
    .flatMap(({ system, name }) =>
      others.map((published) => searchOf(published, sink, period, { system, source: name })),
    );
}

/** The neutral metric itself, or the vendor's that is published in its place. */
function isShown(
  { metric, labels = {} }: Pick<Panel, 'metric' | 'labels'>,
  { definition, name }: PublishedMetric,
): boolean {
  const { replaces } = definition;
  if (replaces !== undefined) return replaces.metric === metric.name && isSame(replaces.labels ?? {}, labels);
  return definition === metric && namesOf(metric).some((own) => own.name === name && isSame(own.labels, labels));
}

function isSame(a: Labels, b: Labels): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}

/** A series a queue or pipeline. */
function searchOf(
  published: PublishedMetric,
  sink: CloudWatchConfig,
  period: Duration,
  only: Labels = {},
): cloudwatch.SearchExpression {
  const { labels } = published;
  const place = labels.filter((label) => label === 'scope' || label === 'cluster' || label === 'org');
  const told = [...place.slice(-1), objectLabelOf(labels) ?? 'source'];
  return searchFor(published, sink, period, { told: told.map(dimensionName), only });
}
