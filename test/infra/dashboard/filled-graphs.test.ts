/** Tests that each graph of the dashboard is filled by what the sources in its description publish. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import type { SourceKind } from '../../../lambda/sources/index.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { startCloudWatchFake } from '../../support/backends/cloudwatch-fake.ts';
import { resolved } from '../intrinsics.ts';
import { sourceOf, sourceVariants } from '../simulation/ci-systems.ts';
import { synthesise } from '../synthesis.ts';

const minuteMs = 60_000;
const runs = 12;
/** CloudWatch takes no old points, and the fake none either. */
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs - runs * minuteMs;

/** Graphs of what does not happen to these systems: one of trouble is empty in good times. */
const mayBeEmpty: ReadonlySet<string> = new Set([
  'Paused for',
  'Runs that timed out',
  'Runs with an error of the CI system',
  'System errors',
  'Failed deployments',
  'Policy gates that block',
  'Runs whose steps were left out',
  // The simulated credentials do not end, and have no scope too many.
  'Until a credential ends',
  'Scopes that nobody needs',
]);

/** No step of the simulated workspace wants a group of runners, and nothing tells their versions. */
const mayBeEmptyOf: Partial<Record<SourceKind, readonly string[]>> = {
  'bitbucket-pipelines': ['Starved jobs', 'Outdated runners'],
};

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'aws-secret-of-the-test');
});

describe('every graph of the dashboard', () => {
  it.each(sourceVariants)('is filled by %s', async (_, kind, start, settings) => {
    await using simulated = await start(startMs);
    let nowMs = startMs;
    const fake = await startCloudWatchFake({ region: 'us-east-1', now: () => Date.now() });
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', fake.url);
    const config = {
      sources: [sourceOf(kind, simulated, settings)],
      sinks: [{ kind: 'cloudwatch', region: 'us-east-1', collectorMetrics: 'api' }],
    };
    await using pipeline = await contractPipeline(config, { variables: simulated.variables, clock: () => nowMs });
    let report;
    for (let run = 0; run < runs; run += 1) {
      simulated.liveUntil(nowMs);
      report = await pipeline.run(30_000, report, nowMs);
      nowMs += minuteMs;
    }
    const received = new Set(
      fake.datums.map(({ namespace, name, dimensions }) =>
        referenceOf(
          namespace,
          name,
          dimensions.map((one) => one.name),
        ),
      ),
    );
    await fake.close();
    // Some searches of a graph are for the same figure without a label that not every series has.
    const empty = graphsOf(config)
      .filter(({ metrics }) => metrics.length > 0 && !metrics.some((metric) => received.has(metric)))
      .map(({ title }) => title);
    expect(empty.filter((title) => !mayBeEmpty.has(title) && mayBeEmptyOf[kind]?.includes(title) !== true)).toEqual([]);
    expect(received.size).toBeGreaterThan(10);
  });
});

function referenceOf(namespace: string, name: string, dimensions: readonly string[]): string {
  return `${namespace} ${name} {${[...dimensions].sort().join()}}`;
}

const Body = z.object({
  widgets: z.array(
    z.object({
      properties: z.looseObject({ title: z.string().default(''), metrics: z.array(z.array(z.unknown())).default([]) }),
    }),
  ),
});

/** What each graph of the dashboard reads, AWS's own metrics left out. */
function graphsOf(config: object): readonly { readonly title: string; readonly metrics: readonly string[] }[] {
  const deployed: unknown = JSON.parse(
    JSON.stringify(config).replaceAll('"env":', '"secret":').replace('"region":"us-east-1",', ''),
  );
  const { template } = synthesise(CollectorConfig.parse(deployed));
  const [dashboard] = resolved(template, 'AWS::CloudWatch::Dashboard');
  const { widgets } = Body.parse(JSON.parse(String(dashboard?.properties['DashboardBody'])));
  return widgets.map(({ properties: { title, metrics } }) => ({ title, metrics: metrics.flatMap(referencesOf) }));
}

function referencesOf(line: readonly unknown[]): readonly string[] {
  const { expression } = z.object({ expression: z.string().optional() }).parse(line.at(-1));
  if (expression !== undefined) {
    const [, schema = '', name = ''] = /^SEARCH\('\{([^}]+)\} MetricName="([^"]+)"/.exec(expression) ?? [];
    const [namespace = '', ...dimensions] = schema.split(',').map((term) => term.replaceAll('"', ''));
    return [referenceOf(namespace, name, dimensions)];
  }
  const [namespace = '', name = '', ...dimensions] = z.array(z.string()).parse(line.slice(0, -1));
  if (namespace.startsWith('AWS/')) return [];
  return [
    referenceOf(
      namespace,
      name,
      dimensions.filter((_, index) => index % 2 === 0),
    ),
  ];
}

afterEach(() => {
  vi.unstubAllEnvs();
});
