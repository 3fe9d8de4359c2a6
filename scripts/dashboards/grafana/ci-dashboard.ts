import { type Panel, questions } from '../../../infra/questions.ts';
import {
  apiRequests,
  increasesDropped,
  increasesPending,
  lastRun,
  openRuns,
  problemCount,
  queueJobs,
  quotaRemaining,
  readTruncated,
  runLag,
  runsLost,
  seriesOverflow,
  sinkDuration,
  sinkUp,
  sourceDuration,
  sourceSamples,
  sourceUp,
  tokenExpiry,
  watermarkLag,
} from '../../../lambda/model/catalogue.ts';
import type { MetricDefinition } from '../../../lambda/model/metric.ts';
import { runsActive, runsFinished } from '../../../lambda/model/run-metrics.ts';
import { type GrafanaPanel, grafanaDashboard, type GrafanaRow } from './dashboard.ts';
import { queryOf } from './query.ts';

/** The questions of the CloudWatch dashboard, asked of Prometheus, and the collector's own health. */
export function ciDashboard(): string {
  return grafanaDashboard({
    uid: 'ci-metrics-collector',
    title: 'CI',
    description: 'Is CI fast, is a queue stuck, are there workers, do the builds pass, is the collector alive?',
    variables: {
      source: `label_values(${sourceUp.name}, source)`,
      scope: `label_values({__name__=~"${[queueJobs, runsActive, runsFinished].map(({ name }) => name).join('|')}", source=~"$source"}, scope)`,
    },
    rows: [...questions.map(rowOf), aliveRow, countingRow],
  });
}

function rowOf({ question, explanation, panels }: (typeof questions)[number]): GrafanaRow {
  // What is made for sinks that keep no series is not written to Prometheus.
  const asked = panels.filter(({ metric }) => metric.reduced !== true);
  return { title: question, explanation, panels: asked.map(graphOf) };
}

function graphOf(panel: Panel): GrafanaPanel {
  const { title, stacked = false, alarm } = panel;
  return { title, stacked, query: queryOf(panel), ...thresholdOf(panel.metric, alarm?.above) };
}

/** CloudWatch gets ratios as percentages. */
function thresholdOf({ unit }: MetricDefinition, above: number | undefined): Pick<GrafanaPanel, 'threshold'> {
  if (above === undefined) return {};
  return { threshold: unit === 'ratio' ? above / 100 : above };
}

function own(title: string, metric: MetricDefinition): GrafanaPanel {
  return { title, stacked: false, query: queryOf({ metric }) };
}

const aliveRow: GrafanaRow = {
  title: 'Is the collector alive?',
  explanation:
    'Up is 1 when the last run got or delivered everything; the line `run finished` in the log of the function has reason and remedy.',
  panels: [
    own('Sources up', sourceUp),
    own('Sinks up', sinkUp),
    own('Problems of the last run', problemCount),
    own('Since the last run', lastRun),
    own('Start behind schedule', runLag),
    own('Poll duration', sourceDuration),
    own('Delivery duration', sinkDuration),
    own('Samples read', sourceSamples),
    own('API requests a run', apiRequests),
    own('API quota left', quotaRemaining),
    own('Series over the cap', seriesOverflow),
    { ...own('Until a credential ends', tokenExpiry), query: untilExpiry() },
  ],
};

const countingRow: GrafanaRow = {
  title: 'Does it count every run?',
  explanation:
    'Counting that is behind catches up; runs that are lost, and increases that were dropped, are missing in the totals.',
  panels: [
    own('Counting behind', watermarkLag),
    own('Lists cut short', readTruncated),
    own('Open runs', openRuns),
    own('Runs lost', runsLost),
    own('Increases that wait', increasesPending),
    own('Increases dropped', increasesDropped),
  ],
};

/** A time that is still to come. */
function untilExpiry(): ReturnType<typeof queryOf> {
  const query = queryOf({ metric: { ...tokenExpiry, unit: 'count' } });
  return { ...query, expr: `${query.expr} - time()`, unit: 's' };
}
