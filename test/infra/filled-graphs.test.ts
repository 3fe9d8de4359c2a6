import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createCluster } from '../../lambda/demo/tekton/cluster.ts';
import { kubernetesApi } from '../../lambda/demo/tekton/api-server.ts';
import { bitbucketApi } from '../../lambda/demo/bitbucket/bitbucket-server.ts';
import { createWorkspace } from '../../lambda/demo/bitbucket/workspace.ts';
import { createAttestations } from '../../lambda/demo/chainloop/attestations.ts';
import { startChainloopServer } from '../../lambda/demo/chainloop/server.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import type { SourceKind } from '../../lambda/sources/index.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { startSimulatedBuildkite } from '../demo/simulated-buildkite.ts';
import { startCloudWatchFake } from '../support/cloudwatch-fake.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import { resolved } from './intrinsics.ts';
import { synthesise } from './synthesis.ts';

const minuteMs = 60_000;
const runs = 12;
/** CloudWatch takes no old points, and the fake none either. */
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs - runs * minuteMs;

/** A simulated CI system, what a configuration of its source needs, and how its time passes. */
interface Simulated extends AsyncDisposable {
  readonly settings: Readonly<Record<string, unknown>>;
  /** What is needed beside an API token. */
  readonly ofApi?: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, string>>;
  liveUntil(ms: number): void;
}

const secretOf = (variable: string) => ({ env: variable });

async function buildkite(): Promise<Simulated> {
  const simulated = await startSimulatedBuildkite(startMs);
  const { server, tokens } = simulated;
  const { endpoint, restEndpoint, graphqlEndpoint } = server;
  return {
    settings: { endpoint },
    ofApi: { restEndpoint, graphqlEndpoint },
    variables: { LINUX: tokens.linux, APPLE: tokens.apple, API: tokens.api },
    liveUntil: (ms) => {
      simulated.liveUntil(ms);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function tekton(): Promise<Simulated> {
  let nowMs = startMs;
  const cluster = createCluster({ seed: 3, startMs, keepSeconds: 3600 });
  const api = kubernetesApi({ clock: () => nowMs, store: cluster.store, isKnown: () => true, watchPace: 0 });
  const server = await startLoopbackServer(api.listener);
  return {
    settings: { cluster: { server: server.url, token: secretOf('API') } },
    variables: { API: 'token' },
    liveUntil: (ms) => {
      nowMs = ms;
      cluster.advance(ms);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function bitbucket(): Promise<Simulated> {
  let nowMs = startMs;
  const workspace = createWorkspace({
    slug: 'acme',
    seed: 1,
    startMs,
    repositories: ['shop', 'api'].map((slug) => ({
      slug,
      project: 'WEB',
      runsPerHour: 120,
      pipelines: 'some' as const,
      environments: ['staging', 'production'],
    })),
    runners: [{ uuid: '{1}', name: 'r1', labels: ['gpu'], status: 'ONLINE' as const, cordoned: false, isBusy: true }],
  });
  const credentials = new Map([['Bearer token', 'access-token' as const]]);
  const { listener } = bitbucketApi({ workspace, clock: () => nowMs, credentials, isWorkTold: true });
  const server = await startLoopbackServer(listener);
  return {
    settings: { endpoint: `${server.url}/2.0`, workspace: 'acme', auth: { accessToken: secretOf('API') } },
    variables: { API: 'token' },
    liveUntil: (ms) => {
      nowMs = ms;
      workspace.step(ms);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function chainloop(): Promise<Simulated> {
  let nowMs = startMs;
  const attestations = createAttestations({ seed: 1, startMs });
  const server = await startChainloopServer({ clock: () => nowMs, attestations });
  return {
    settings: { url: server.url, organization: attestations.records().organization, token: secretOf('API') },
    variables: { API: attestations.apiToken },
    liveUntil: (ms) => {
      nowMs = ms;
      attestations.step(ms);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const agentTokens = [secretOf('LINUX'), secretOf('APPLE')];
const apiToken = secretOf('API');

const variants: readonly (readonly [
  string,
  SourceKind,
  () => Promise<Simulated>,
  Readonly<Record<string, unknown>>,
])[] = [
  ['agent tokens alone', 'buildkite', buildkite, { agentTokens }],
  ['agent tokens without the vendor’s names', 'buildkite', buildkite, { agentTokens, compat: false }],
  ['one queue by its name', 'buildkite', buildkite, { agentTokens, queues: { include: ['default'] } }],
  ['an API token beside them', 'buildkite', buildkite, { agentTokens, apiToken }],
  ['an API token alone', 'buildkite', buildkite, { apiToken, organization: 'acme' }],
  ['waits by REST', 'buildkite', buildkite, { agentTokens, apiToken, waits: 'rest' }],
  ['no waits', 'buildkite', buildkite, { agentTokens, apiToken, waits: 'off' }],
  ['builds without jobs', 'buildkite', buildkite, { agentTokens, apiToken, jobs: 'skip' }],
  ['a cluster', 'tekton', tekton, {}],
  ['PipelineRuns alone', 'tekton', tekton, { taskRuns: 'skip' }],
  ['a cluster without details', 'tekton', tekton, { details: 'skip' }],
  ['a workspace', 'bitbucket-pipelines', bitbucket, { deployments: { include: ['*'] } }],
  ['a workspace without steps', 'bitbucket-pipelines', bitbucket, { steps: 'leave' }],
  ['attestations', 'chainloop', chainloop, {}],
  ['attestations without the vendor’s names', 'chainloop', chainloop, { compat: false }],
];

/** Of what happens to nobody, or not to these: a graph of trouble is empty in good times. */
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
  it.each(variants)('is filled by %s', async (_, kind, start, settings) => {
    await using simulated = await start();
    let nowMs = startMs;
    const fake = await startCloudWatchFake({ region: 'us-east-1', now: () => Date.now() });
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', fake.url);
    const config = {
      sources: [{ kind, ...simulated.settings, ...('apiToken' in settings ? simulated.ofApi : {}), ...settings }],
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
