/** No graph of the Grafana dashboard stays empty for a reason that it does not say: every source fills a real Prometheus. */
import { describe, expect, it } from 'vitest';
import { canEmit } from '../../infra/metrics/published-metrics.ts';
import { type Panel, questions } from '../../infra/dashboard/questions.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import { listWithCosts } from '../../lambda/sources/add-costs.ts';
import { type SourceKind, sources } from '../../lambda/sources/index.ts';
import { prepareSource } from '../../lambda/sources/prepare-source.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { sourceOf, sourceVariants } from '../infra/simulation/ci-systems.ts';
import { startPrometheus } from '../servers/prometheus.ts';
import { withDebianPrometheus } from '../servers/require.ts';
import { blankLabels, graphsOf, queryLines, queryVariables, readDashboard } from './grafana-files.ts';

const minuteMs = 60_000;
const runs = 12;
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs - runs * minuteMs;

const dashboard = readDashboard('grafana-ci.json');
const graphs = graphsOf(dashboard);
const panels: ReadonlyMap<string, Panel> = new Map(
  questions.flatMap((question) => question.panels.map((panel) => [panel.title, panel])),
);

/** Graphs of what does not happen to these systems in twelve minutes: one of trouble is empty in good times. */
const mayBeEmpty: ReadonlySet<string> = new Set([
  'Paused for',
  'Runs that timed out',
  'Runs with an error of the CI system',
  'System errors',
  'Failed deployments',
  'Policy gates that block',
  'Runs whose steps were left out',
  // The simulated credentials have no scope too many.
  'Scopes that nobody needs',
]);

const mayBeEmptyOf: Partial<Record<SourceKind, readonly string[]>> = {
  // No step of the simulated workspace wants a group of runners, and nothing tells their versions.
  'bitbucket-pipelines': ['Starved jobs', 'Outdated runners'],
};

/** Graphs of the collector itself that not every configuration has data for, and which source has to have them. */
const isAskedOf: Readonly<Record<string, (source: PreparedSource) => boolean>> = {
  'API quota left': () => false,
  'Until a credential ends': () => false,
  'Counting behind': ({ needsState }) => needsState,
  'Lists cut short': ({ needsState }) => needsState,
  'Open runs': ({ needsState }) => needsState,
  'Runs lost': ({ needsState }) => needsState,
  // The sink of this test sends running totals.
  'Increases that wait': () => false,
  'Increases dropped': () => false,
};

function publishes(source: PreparedSource, { metric, otherwise, labels = {} }: Panel): boolean {
  const isPublished = (one: MetricDefinition | undefined): boolean =>
    one !== undefined && source.metrics.includes(one) && canEmit(source, one, labels);
  return isPublished(metric) || isPublished(otherwise);
}

describe('the graphs of the Grafana dashboard', () => {
  it('say which sources fill them, where not every collector does', () => {
    const wrong = graphs.filter(({ title, description }) => {
      const panel = panels.get(title);
      if (panel === undefined) return description.startsWith('Only ') !== title in isAskedOf;
      const told = /^From ([^.]+)\. Without such a source/.exec(description)?.[1]?.split(', ') ?? [];
      const publishing = sources.filter(({ metrics }) =>
        [panel.metric, panel.otherwise].some((metric) => listWithCosts(metrics).some((one) => one === metric)),
      );
      return told.length === 0 || told.join() !== publishing.map(({ kind }) => kind).join();
    });

    expect(wrong.map(({ title }) => title)).toEqual([]);
  });
});

withDebianPrometheus('the graphs of the Grafana dashboard', (command) => {
  it.each(sourceVariants)('have data from %s, or belong to another source', async (_, kind, start, settings) => {
    await using simulated = await start(startMs);
    await using server = await startPrometheus({ command });
    let nowMs = startMs;
    const configured = sourceOf(kind, simulated, settings);
    const config = {
      sources: [configured],
      sinks: [{ kind: 'remote-write', url: `${server.url}/api/v1/write` }],
    };
    await using pipeline = await contractPipeline(config, { variables: simulated.variables, clock: () => nowMs });
    let report;
    for (let run = 0; run < runs; run += 1) {
      simulated.liveUntil(nowMs);
      report = await pipeline.run(30_000, report, nowMs);
      nowMs += minuteMs;
    }
    const past = { endMs: nowMs, minutes: runs + 1 };

    const empty = [];
    const unnamed = new Set<string>();
    for (const graph of graphs) {
      const lines = await queryLines(server, graph, past);
      if (lines.length === 0) empty.push(graph);
      if (lines.some((line) => blankLabels(graph, line).length > 0)) unnamed.add(graph.title);
    }
    const source = prepareSource(configured);
    const unexplained = empty.filter(({ title }) => {
      if (mayBeEmpty.has(title) || mayBeEmptyOf[kind]?.includes(title) === true) return false;
      const panel = panels.get(title);
      return panel === undefined ? (isAskedOf[title]?.(source) ?? true) : publishes(source, panel);
    });
    expect(unexplained.map(({ title }) => title)).toEqual([]);
    expect(graphs.length - empty.length).toBeGreaterThan(10);
    expect([...unnamed]).toEqual([]);

    const offered = await queryVariables(server, dashboard, past);
    const scopes = await server.query(`group by (scope) (last_over_time({__name__=~"ci_.+", scope!=""}[13m]))`, nowMs);
    expect(offered.get('source')).toEqual([source.name]);
    expect(offered.get('scope')?.toSorted()).toEqual(scopes.map(({ labels }) => labels['scope']).toSorted());
  });
});
