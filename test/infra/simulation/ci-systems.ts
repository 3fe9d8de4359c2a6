/** Simulated CI systems, and configurations of their sources: what a dashboard shows of each is held against what it publishes. */
import { createBitbucketApi } from '../../../lambda/demo/simulators/bitbucket/server.ts';
import { createWorkspace } from '../../../lambda/demo/simulators/bitbucket/workspace.ts';
import { createAttestations } from '../../../lambda/demo/simulators/chainloop/attestations.ts';
import { startChainloopServer } from '../../../lambda/demo/simulators/chainloop/server.ts';
import { createOrganization } from '../../../lambda/demo/simulators/github/organization/organization.ts';
import { createGithubApi } from '../../../lambda/demo/simulators/github/server.ts';
import { createKubernetesApi } from '../../../lambda/demo/simulators/tekton/api-server.ts';
import { createCluster } from '../../../lambda/demo/simulators/tekton/cluster.ts';
import type { SourceKind } from '../../../lambda/sources/index.ts';
import { startSimulatedBuildkite } from '../../demo/simulators/buildkite/simulated-buildkite.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';

/** A simulated CI system, what a configuration of its source needs, and how its time passes. */
export interface Simulated extends AsyncDisposable {
  readonly settings: Readonly<Record<string, unknown>>;
  /** What is needed beside an API token. */
  readonly ofApi?: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, string>>;
  liveUntil(ms: number): void;
}

const secretOf = (variable: string) => ({ env: variable });

async function buildkite(startMs: number): Promise<Simulated> {
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

async function tekton(startMs: number): Promise<Simulated> {
  let nowMs = startMs;
  const cluster = createCluster({ seed: 3, startMs, keepSeconds: 3600 });
  const api = createKubernetesApi({ clock: () => nowMs, store: cluster.store, isKnown: () => true, watchPace: 0 });
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

async function bitbucket(startMs: number): Promise<Simulated> {
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
  const { listener } = createBitbucketApi({ workspace, clock: () => nowMs, credentials, isWorkShown: true });
  const server = await startLoopbackServer(listener);
  return {
    settings: { endpoint: `${server.url}/2.0`, workspace: 'acme', auth: { accessToken: secretOf('API') } },
    variables: { API: 'token' },
    liveUntil: (ms) => {
      nowMs = ms;
      workspace.advance(ms);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function github(startMs: number): Promise<Simulated> {
  let nowMs = startMs;
  const organization = createOrganization({ seed: 1, startMs });
  const credentials = [{ kind: 'classic' as const, token: 'ghp_token', scopes: ['repo', 'admin:org'] }];
  const { listener } = createGithubApi({ organization, clock: () => nowMs, credentials, bodies: 'lean' });
  const server = await startLoopbackServer(listener);
  return {
    settings: { endpoint: server.url, organization: organization.login, auth: { token: secretOf('API') } },
    variables: { API: 'ghp_token' },
    liveUntil: (ms) => {
      nowMs = ms;
      organization.advance(ms);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function chainloop(startMs: number): Promise<Simulated> {
  let nowMs = startMs;
  const attestations = createAttestations({ seed: 1, startMs });
  const server = await startChainloopServer({ clock: () => nowMs, attestations });
  return {
    settings: { url: server.url, organization: attestations.records().organization, token: secretOf('API') },
    variables: { API: attestations.apiToken },
    liveUntil: (ms) => {
      nowMs = ms;
      attestations.advance(ms);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const agentTokens = [secretOf('LINUX'), secretOf('APPLE')];
const apiToken = secretOf('API');

/** What a source is configured to do, and the CI system that it reads from the given time on. */
export const sourceVariants: readonly (readonly [
  string,
  SourceKind,
  (startMs: number) => Promise<Simulated>,
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
  ['an organization', 'github-actions', github, {}],
  ['an organization without jobs', 'github-actions', github, { jobs: 'leave' }],
  ['attestations', 'chainloop', chainloop, {}],
  ['attestations without the vendor’s names', 'chainloop', chainloop, { compat: false }],
];

/** The settings of a source of the variant. */
export function sourceOf(
  kind: SourceKind,
  { settings: ofServer, ofApi = {} }: Simulated,
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { kind, ...ofServer, ...('apiToken' in settings ? ofApi : {}), ...settings };
}
