/** The part of the dashboard that answers the questions about CI. */
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { formatDimensionName } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { Labels } from '../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { Prepared } from '../prepared.ts';
import { type Panel, questions } from './questions.ts';
import {
  type PublishedMetric,
  expandLabelSets,
  expandNames,
  findPublishedMetrics,
} from '../metrics/published-metrics.ts';
import { buildSearchExpression } from './search-expression.ts';
import { chooseScheduleRate } from '../settings.ts';
import { type Graph, buildSection } from './widgets.ts';

/** Labels that tell one thing that is watched from another; the metrics without them are totals. */
const objectLabels = ['queue', 'pipeline', 'deploy_environment', 'error'] as const;

/**
 * What the first `cloudwatch` sink publishes of every queue and pipeline, also of those that appear later; nothing
 * without one.
 */
export function buildQuestionRows(prepared: Prepared): cloudwatch.IWidget[][] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return [];
  const perObject = findPublishedMetrics(prepared, sink).filter(isOfObject);
  const period = chooseScheduleRate(prepared.config);
  return questions.flatMap(({ question, explanation, panels }) =>
    buildSection(
      question,
      explanation,
      panels.flatMap((panel) => buildGraph(panel, perObject, { prepared, sink, period })),
    ),
  );
}

/** Totals are left out beside what they add up; what has no parts is of the source as a whole. */
function isOfObject({ definition, labels }: PublishedMetric): boolean {
  if (findObjectLabel(labels) !== undefined) return true;
  return expandLabelSets(definition).every((set) => findObjectLabel(set) === undefined);
}

function findObjectLabel(labels: readonly string[]): string | undefined {
  return objectLabels.find((label) => labels.includes(label));
}

interface Context {
  readonly prepared: Prepared;
  readonly sink: CloudWatchConfig;
  readonly period: Duration;
}

function buildGraph(panel: Panel, perObject: readonly PublishedMetric[], context: Context): readonly Graph[] {
  const { besides } = panel;
  const { sink, period } = context;
  if (besides !== undefined && perObject.every(({ definition }) => definition !== besides)) return [];
  const shown = perObject.filter((published) => isShown(panel, published));
  const searches = [
    ...shown.map((published) => buildSearch(published, sink, period)),
    ...buildOtherSearches(panel, shown, perObject, context),
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
function buildOtherSearches(
  { metric, labels = {}, otherwise }: Panel,
  shown: readonly PublishedMetric[],
  perObject: readonly PublishedMetric[],
  { prepared, sink, period }: Context,
): readonly cloudwatch.SearchExpression[] {
  if (otherwise === undefined) return [];
  const others = perObject.filter((published) => isShown({ metric: otherwise, labels }, published));
  if (shown.length === 0) return others.map((published) => buildSearch(published, sink, period));
  return prepared.sources
    .filter(({ metrics }) => metrics.includes(otherwise) && !metrics.includes(metric))
    .flatMap(({ system, name }) =>
      others.map((published) => buildSearch(published, sink, period, { system, source: name })),
    );
}

/** The neutral metric itself, or the vendor's that is published in its place. */
function isShown(
  { metric, labels = {} }: Pick<Panel, 'metric' | 'labels'>,
  { definition, name }: PublishedMetric,
): boolean {
  const { replaces } = definition;
  if (replaces !== undefined) return replaces.metric === metric.name && isSame(replaces.labels ?? {}, labels);
  return definition === metric && expandNames(metric).some((own) => own.name === name && isSame(own.labels, labels));
}

function isSame(a: Labels, b: Labels): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}

/** A series a queue or pipeline. */
function buildSearch(
  published: PublishedMetric,
  sink: CloudWatchConfig,
  period: Duration,
  only: Labels = {},
): cloudwatch.SearchExpression {
  const { labels } = published;
  const place = labels.filter((label) => label === 'scope' || label === 'cluster' || label === 'org');
  const told = [...place.slice(-1), findObjectLabel(labels) ?? 'source'];
  return buildSearchExpression(published, sink, period, { namedBy: told.map(formatDimensionName), only });
}
