/** No graph of the Grafana dashboard stays empty for a reason that it does not say: every source is run against it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { canEmit } from '../../infra/metrics/published-metrics.ts';
import { type Panel, questions } from '../../infra/dashboard/questions.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import { type SourceKind, sources } from '../../lambda/sources/index.ts';
import { prepareSource } from '../../lambda/sources/prepare-source.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { sourceOf, sourceVariants } from '../infra/simulation/ci-systems.ts';
import { startRemoteWriteFake } from '../support/backends/remote-write-fake.ts';
import { pathOf } from './rule-files.ts';

const minuteMs = 60_000;
const runs = 12;
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs - runs * minuteMs;

const Dashboard = z.object({
  panels: z.array(
    z.object({
      type: z.string(),
      title: z.string().default(''),
      description: z.string().optional(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});
const graphs = Dashboard.parse(JSON.parse(readFileSync(pathOf('grafana-ci.json'), 'utf8'))).panels.filter(
  ({ type }) => type === 'timeseries',
);
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

interface Selector {
  readonly name: string;
  readonly values: readonly string[];
}

/** What a query reads: names, and the labels that it asks for by a value. */
function selectorsIn(expr: string): readonly Selector[] {
  return [...expr.matchAll(/([a-z]\w+)(?:\{([^}]*)\}|(?= \)|\)|\[|$))/g)]
    .filter(([, name = '']) => /_/.test(name) && name.startsWith('ci_'))
    .map(([, name = '', matchers = '']) => ({ name, values: matchers.match(/\w+="[^"$]*"/g) ?? [] }));
}

function isStored(stored: ReadonlyMap<string, unknown>, { name, values }: Selector): boolean {
  return [...stored.keys()].some(
    (series) => series.includes(`__name__="${name}"`) && values.every((value) => series.includes(value)),
  );
}

function publishes(source: PreparedSource, { metric, otherwise, labels = {} }: Panel): boolean {
  const isPublished = (one: MetricDefinition | undefined): boolean =>
    one !== undefined && source.metrics.includes(one) && canEmit(source, one, labels);
  return isPublished(metric) || isPublished(otherwise);
}

describe('the graphs of the Grafana dashboard', () => {
  it('read something, each', () => {
    expect(graphs.length).toBeGreaterThan(30);
    expect(graphs.filter(({ targets }) => !targets.every(({ expr }) => selectorsIn(expr).length > 0))).toEqual([]);
  });

  it('say which sources fill them, where not every collector does', () => {
    const wrong = graphs.filter(({ title, description = '' }) => {
      const panel = panels.get(title);
      if (panel === undefined) return description.startsWith('Only ') !== title in isAskedOf;
      const told = /^From ([^.]+)\. Without such a source/.exec(description)?.[1]?.split(', ') ?? [];
      const publishing = sources.filter(({ metrics }) =>
        [panel.metric, panel.otherwise].some((metric) => metrics.some((one) => one === metric)),
      );
      return told.length === 0 || told.join() !== publishing.map(({ kind }) => kind).join();
    });

    expect(wrong.map(({ title }) => title)).toEqual([]);
  });

  it.each(sourceVariants)('have data from %s, or belong to another source', async (_, kind, start, settings) => {
    await using simulated = await start(startMs);
    await using receiver = await startRemoteWriteFake();
    let nowMs = startMs;
    const configured = sourceOf(kind, simulated, settings);
    const config = { sources: [configured], sinks: [{ kind: 'remote-write', url: receiver.url }] };
    await using pipeline = await contractPipeline(config, { variables: simulated.variables, clock: () => nowMs });
    let report;
    for (let run = 0; run < runs; run += 1) {
      simulated.liveUntil(nowMs);
      report = await pipeline.run(30_000, report, nowMs);
      nowMs += minuteMs;
    }

    const empty = graphs.filter(
      ({ targets }) => !targets.some(({ expr }) => selectorsIn(expr).some((one) => isStored(receiver.stored, one))),
    );
    const source = prepareSource(configured);
    const unexplained = empty.filter(({ title }) => {
      if (mayBeEmpty.has(title) || mayBeEmptyOf[kind]?.includes(title) === true) return false;
      const panel = panels.get(title);
      return panel === undefined ? (isAskedOf[title]?.(source) ?? true) : publishes(source, panel);
    });

    expect(unexplained.map(({ title }) => title)).toEqual([]);
    expect(graphs.length - empty.length).toBeGreaterThan(10);
  });
});
