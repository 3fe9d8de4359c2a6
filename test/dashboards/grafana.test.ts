/** Tests of the Grafana dashboards: their rows, layout, variables and queries. */
import { describe, expect, it } from 'vitest';
import { questions } from '../../infra/dashboard/questions.ts';
import { profileNames } from '../../lambda/sources/prometheus/profiles.ts';
import { withPromtool } from '../servers/require.ts';
import { dashboardFiles, expandQuery, graphsOf, readDashboard } from './grafana-files.ts';
import { promtoolWith } from './rule-files.ts';

const dashboard = readDashboard('grafana-ci.json');
const graphs = graphsOf(dashboard);

function asked(title: string): string {
  const graph = graphs.find((one) => one.title === title);
  if (graph === undefined) throw new Error(`there is no graph ${title}`);
  return expandQuery(graph.targets[0].expr);
}

describe('the Grafana dashboard', () => {
  it('has a row for each question of the CloudWatch dashboard, and two for the collector', () => {
    const rows = dashboard.panels.flatMap((panel) => (panel.type === 'row' ? [panel.title] : []));

    expect(rows).toEqual([
      ...questions.map(({ question }) => question),
      'Is the collector alive?',
      'Does it count every run?',
    ]);
  });
});

/** What the end of a metric's name says of its unit, in the words of Grafana. */
const unitsOfNames: readonly (readonly [RegExp, string])[] = [
  [/_milliseconds(?:_bucket)?(?!\w)/, 'ms'],
  [/_seconds(?:_total)?(?:_bucket|_sum)?(?!\w)/, 's'],
  [/_bytes(?:_uploaded_total|_uploads_errored_total)?(?:_bucket|_sum)?(?!\w)/, 'bytes'],
  [/_ratio(?!\w)/, 'percentunit'],
];

it('there is a Grafana dashboard for CI, and one for each profile', () => {
  expect(dashboardFiles).toEqual(['ci', ...profileNames].map((name) => `grafana-${name}.json`).toSorted());
  expect(new Set(dashboardFiles.map((file) => readDashboard(file).uid)).size).toBe(dashboardFiles.length);
});

describe.each(dashboardFiles)('the Grafana dashboard %s', (file) => {
  const dashboard = readDashboard(file);
  const graphs = graphsOf(dashboard);

  it('places no panel over another, nor outside of the grid', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${String(x + (cell % w))}/${String(y + Math.floor(cell / w))}`),
    );

    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it('asks for the variables that it offers, each of them and no other', () => {
    const offered = dashboard.templating.list.filter(({ type }) => type === 'query').map(({ name }) => name);
    const used = graphs.flatMap(({ targets: [{ expr }] }) =>
      [...expr.matchAll(/\$(\w+)/g)].map(([, name = '']) => name),
    );

    expect(new Set(used.filter((name) => name !== '__rate_interval'))).toEqual(new Set(offered));
  });

  it('has the unit that the names of its metrics say', () => {
    const wrong = graphs.filter(({ targets: [{ expr }], fieldConfig: { defaults } }) => {
      // What is counted is no time: `histogram_count`, and how often one thing is later than another.
      const [, unit = 'short'] = unitsOfNames.find(([end]) => end.test(expr)) ?? [];
      return defaults.unit !== (expr.includes('> bool') ? 'short' : unit);
    });

    expect(wrong.map(({ title, fieldConfig: { defaults } }) => [title, defaults.unit])).toEqual([]);
  });

  it('names a line only by labels that the query keeps', () => {
    const lost = graphs.filter(({ targets: [{ expr, legendFormat }] }) => {
      const kept = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? [];
      return [...legendFormat.matchAll(/{{(\w+)}}/g)].some(([, label = '']) => !kept.includes(label));
    });

    expect(lost.map(({ title }) => title)).toEqual([]);
  });
});

const queue = 'source="main", scope="Linux", queue="deploy"';
const pipeline = 'source="main", scope="acme", pipeline="api"';

/** Series as the collector writes them, one value a minute, and what a graph shows of them after ten minutes. */
const answers: Readonly<
  Record<
    string,
    { readonly series: Readonly<Record<string, string>>; readonly shows: Readonly<Record<string, number>> }
  >
> = {
  'Oldest wait': {
    series: { [`ci_queue_oldest_wait_seconds{${queue}}`]: '0+60x20' },
    shows: { '{scope="Linux", queue="deploy"}': 600 },
  },
  'Queued jobs': {
    series: {
      [`ci_queue_jobs{${queue}, state="queued"}`]: '3x20',
      [`ci_queue_jobs{${queue}, state="running"}`]: '9x20',
    },
    shows: { '{scope="Linux", queue="deploy"}': 3 },
  },
  'Job wait, p95': {
    series: {
      [`ci_job_wait_seconds_bucket{${queue}, le="60"}`]: '0+95x20',
      [`ci_job_wait_seconds_bucket{${queue}, le="120"}`]: '0+100x20',
      [`ci_job_wait_seconds_bucket{${queue}, le="+Inf"}`]: '0+100x20',
    },
    shows: { '{scope="Linux", queue="deploy"}': 60 },
  },
  'Failed runs': {
    series: {
      [`ci_runs_total{${pipeline}, result="failure", attempt="first", branch="main"}`]: '0+1x20',
      [`ci_runs_total{${pipeline}, result="failure", attempt="retry", branch="other"}`]: '0+2x20',
      [`ci_runs_total{${pipeline}, result="success", attempt="first", branch="main"}`]: '0+7x20',
    },
    shows: { '{scope="acme", pipeline="api"}': 12 },
  },
  'Time since the last success': {
    series: { [`ci_run_last_success_timestamp_seconds{${pipeline}, branch="main"}`]: '120x20' },
    shows: { '{scope="acme", pipeline="api", branch="main"}': 480 },
  },
  'Until a credential ends': {
    series: { 'ci_collector_token_expiry_timestamp_seconds{source="main"}': '86400x20' },
    shows: { '{source="main"}': 85_800 },
  },
  Utilisation: {
    series: { [`ci_worker_utilization_ratio{${queue}}`]: '0.75x20' },
    shows: { '{scope="Linux", queue="deploy"}': 0.75 },
  },
};

withPromtool('the queries of the Grafana dashboard', () => {
  it.each(Object.keys(answers))('answer: %s', async (title) => {
    const { series, shows } = answers[title] ?? { series: {}, shows: {} };

    const { isContent, output } = await promtoolWith(['test', 'rules'], {
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [
            {
              // Rates are sums of fractions.
              expr: `round(${asked(title)}, 0.001)`,
              eval_time: '10m',
              exp_samples: Object.entries(shows).map(([labels, value]) => ({ labels, value })),
            },
          ],
        },
      ],
    });

    expect(isContent, output).toBe(true);
  });

  it('are all valid', async () => {
    const rules = dashboardFiles
      .flatMap((file) => graphsOf(readDashboard(file)))
      .map(({ targets: [{ expr }] }, index) => ({
        record: `graph:${String(index)}`,
        expr: expandQuery(expr),
      }));

    const { isContent, output } = await promtoolWith(['check', 'rules'], { groups: [{ name: 'graphs', rules }] });

    expect(rules.length).toBeGreaterThan(30);
    expect(isContent, output).toBe(true);
  });
});
