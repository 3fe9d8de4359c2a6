/** The Grafana dashboard about CI and the collector. */
import { type Panel, questions } from '../../../infra/dashboard/questions.ts';
import {
  apiRequests,
  increasesDropped,
  increasesPending,
  lastRun,
  openRuns,
  problemCount,
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
} from '../../../lambda/model/catalogue/collector-metrics.ts';
import type { MetricDefinition } from '../../../lambda/model/metric.ts';
import { listWithCosts } from '../../../lambda/sources/add-costs.ts';
import { sources } from '../../../lambda/sources/index.ts';
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
      // Of every metric: a queue may have waits and no count of its jobs, and a pipeline runs that have all ended.
      scope: 'label_values({__name__=~"ci_.+", source=~"$source", scope!=""}, scope)',
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
  const description = publishersOf(panel);
  return { title, description, stacked, query: queryOf(panel), ...thresholdOf(panel.metric, alarm?.above) };
}

/** Unlike that of CloudWatch, which is made for a configuration, this dashboard has the graphs of every source. */
function publishersOf({ metric, otherwise }: Panel): string {
  const kinds = sources
    .filter(({ metrics }) =>
      [metric, otherwise].some((one) => listWithCosts(metrics).some((published) => published === one)),
    )
    .map(({ kind }) => kind);
  return `From ${kinds.join(', ')}. Without such a source, or where its settings leave it out, there is no data.`;
}

/** CloudWatch gets ratios as percentages. */
function thresholdOf({ unit }: MetricDefinition, above: number | undefined): Pick<GrafanaPanel, 'threshold'> {
  if (above === undefined) return {};
  return { threshold: unit === 'ratio' ? above / 100 : above };
}

/** Of the collector itself; the description says where there is no data. */
function own(title: string, metric: MetricDefinition, description?: string): GrafanaPanel {
  const panel = { title, stacked: false, query: queryOf({ metric }) };
  return description === undefined ? panel : { ...panel, description };
}

const ofCounting = 'Only of sources that count finished runs; agent tokens of Buildkite alone do not.';
const ofIncreases = 'Only of sinks that send increases, such as cloudwatch; remote-write sends running totals.';

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
    own('API quota left', quotaRemaining, 'Only where the CI system tells how many requests are left.'),
    own('Series over the cap', seriesOverflow),
    {
      ...own('Until a credential ends', tokenExpiry, 'Only of credentials that end, where the CI system tells when.'),
      query: untilExpiry(),
    },
  ],
};

const countingRow: GrafanaRow = {
  title: 'Does it count every run?',
  explanation:
    'Counting that is behind catches up; runs that are lost, and increases that were dropped, are missing in the totals.',
  panels: [
    own('Counting behind', watermarkLag, ofCounting),
    own('Lists cut short', readTruncated, ofCounting),
    own('Open runs', openRuns, ofCounting),
    own('Runs lost', runsLost, ofCounting),
    own('Increases that wait', increasesPending, ofIncreases),
    own('Increases dropped', increasesDropped, ofIncreases),
  ],
};

/** A time that is still to come. */
function untilExpiry(): ReturnType<typeof queryOf> {
  const query = queryOf({ metric: { ...tokenExpiry, unit: 'count' } });
  return { ...query, expr: `${query.expr} - time()`, unit: 's' };
}
