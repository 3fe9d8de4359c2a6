/** The simulated CI systems that the cost model is compared with, each as a deployment would configure it. */
import { startBitbucketServer } from '../../lambda/demo/simulators/bitbucket/server.ts';
import type { TimedRun } from '../../lambda/demo/simulators/bitbucket/timeline.ts';
import { createWorkspace, type SimulatedWorkspace } from '../../lambda/demo/simulators/bitbucket/workspace.ts';
import { startBuildkiteServer } from '../../lambda/demo/simulators/buildkite/server.ts';
import { createAttestations } from '../../lambda/demo/simulators/chainloop/attestations.ts';
import type { WorkflowPlan } from '../../lambda/demo/simulators/chainloop/plan.ts';
import { startChainloopServer } from '../../lambda/demo/simulators/chainloop/server.ts';
import { createFleet } from '../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import type { FleetPlan, QueuePlan } from '../../lambda/demo/simulators/buildkite/fleet/plan.ts';
import { startApiServer } from '../../lambda/demo/simulators/tekton/api-server.ts';
import { createCluster } from '../../lambda/demo/simulators/tekton/cluster.ts';
import type { PipelinePlan } from '../../lambda/demo/simulators/tekton/plan.ts';
import type { Fleet } from '../../lambda/cost/fleet.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';

export interface SimulatedSystem extends AsyncDisposable {
  /** What a configuration says of it. */
  readonly source: object;
  /** Values of the secrets that it refers to. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What there is to read, and how it ends: known from the plan, and not from what the collector made of it. */
  readonly fleet: Fleet;
  /** Epoch milliseconds. */
  liveUntil(ms: number): void;
}

const secret = 'ci-metrics/demo';

/** The machine's clock, which the test sets: a server that took the function itself would keep the real one. */
const clock = (): number => Date.now();

function stopping(close: () => Promise<void>): Pick<SimulatedSystem, typeof Symbol.asyncDispose> {
  return { [Symbol.asyncDispose]: close };
}

const noFleet: Fleet = {
  queues: [],
  pipelines: [],
  results: { runs: [], jobs: [] },
  finishesAnHour: 0,
  labelValues: 1,
};

/** So often that every pipeline ends in every way within the time that is looked at. */
const buildsPerHour = 60;
const buildkiteSpeed = 4;

function queueOf(key: string): QueuePlan {
  return {
    key,
    pipelines: [{ slug: `${key}-app`, failRate: 0.1 }],
    agents: { kind: 'fixed', count: 20 },
    buildsPerHour,
    stages: [1, 2],
    jobSeconds: 60,
  };
}

const buildkitePlan: FleetPlan = {
  organization: 'acme',
  apiToken: 'bkua_demo',
  clusters: [
    { name: 'Linux', agentToken: 'bkct_demo_linux', queues: [queueOf('default'), queueOf('deploy'), queueOf('large')] },
    { name: 'Apple', agentToken: 'bkct_demo_apple', queues: [queueOf('mobile')] },
  ],
};

function buildkiteFleet({ organization, clusters }: FleetPlan): Fleet {
  const queues = clusters.flatMap(({ name = '', queues: planned }) =>
    planned.map(({ key }) => ({ scope: name, name: key })),
  );
  const pipelines = clusters.flatMap(({ queues: planned }) =>
    planned.flatMap(({ pipelines: own }) => own.map(({ slug }) => ({ scope: organization, name: slug }))),
  );
  return {
    ...noFleet,
    queues,
    pipelines,
    results: {
      runs: ['success', 'failure', 'cancellation'],
      jobs: ['success', 'failure', 'timeout', 'cancellation'],
    },
    // Builds, and three jobs of each.
    finishesAnHour: queues.length * buildsPerHour * buildkiteSpeed * 4,
  };
}

export async function simulatedBuildkite(
  startMs: number,
  reads: 'queues' | 'builds',
  settings: object = {},
): Promise<SimulatedSystem> {
  const fleet = createFleet({ seed: 11, startMs, speed: buildkiteSpeed, plan: buildkitePlan });
  const server = await startBuildkiteServer({ fleet, clock, requestsPerMinute: 10_000 });
  const agentTokens = fleet.agentTokens.map((_, index) => ({ secret, key: `agent${String(index)}` }));
  const { endpoint, restEndpoint, graphqlEndpoint } = server;
  const api = { apiToken: { secret, key: 'api' }, restEndpoint, graphqlEndpoint, requestsPerMinute: 10_000 };
  const tokens = fleet.agentTokens.map((token, index) => [`agent${String(index)}`, token]);
  return {
    source: { kind: 'buildkite', endpoint, agentTokens, ...(reads === 'builds' ? api : {}), ...settings },
    secrets: { [secret]: JSON.stringify({ ...Object.fromEntries(tokens), api: fleet.apiToken }) },
    fleet: buildkiteFleet(buildkitePlan),
    liveUntil: (ms) => {
      fleet.advance(ms);
    },
    ...stopping(() => server.close()),
  };
}

const repositories = ['shop', 'api', 'docs'].map((slug) => ({
  ...{ slug, project: 'WEB', runsPerHour: 0, pipelines: 'some' as const },
}));

const minuteMs = 60_000;

/** Each repository has a run of each kind every five minutes, and every second one fails in its second step. */
const runEveryMinutes = 5;

export async function simulatedBitbucket(startMs: number): Promise<SimulatedSystem> {
  const workspace = createWorkspace({ slug: 'acme', seed: 3, startMs, repositories });
  const credentials = new Map([['Bearer token', 'access-token' as const]]);
  const server = await startBitbucketServer({ workspace, clock, credentials, requestsPerHour: 10_000 });
  let pushed = 0;
  return {
    source: {
      kind: 'bitbucket-pipelines',
      endpoint: server.endpoint,
      workspace: 'acme',
      auth: { accessToken: { secret } },
      requestsPerHour: 10_000,
      runners: { workspace: 'leave' },
    },
    secrets: { [secret]: 'token' },
    fleet: {
      ...noFleet,
      queues: [{ scope: 'acme', name: 'unspecified' }],
      pipelines: repositories.flatMap(({ slug }) =>
        ['default', 'pull-requests'].map((name) => ({ scope: slug, name })),
      ),
      results: { runs: ['success', 'failure'], jobs: ['success', 'failure', 'skip'] },
      finishesAnHour: repositories.length * 2 * (60 / runEveryMinutes) * 4,
    },
    liveUntil: (ms) => {
      for (; startMs + pushed * runEveryMinutes * minuteMs <= ms; pushed += 1) push(workspace, startMs, pushed);
    },
    ...stopping(() => server.close()),
  };
}

function push(workspace: SimulatedWorkspace, startMs: number, round: number): void {
  const createdMs = startMs + round * runEveryMinutes * minuteMs;
  for (const [place, { slug }] of repositories.entries()) {
    workspace.add(slug, timedRun('push', `topic/${String(round)}`, 2 * round + 1, place, createdMs));
    workspace.add(slug, timedRun('pull-request', `topic/${String(round)}`, 2 * round + 2, place, createdMs));
  }
}

function timedRun(kind: TimedRun['kind'], branch: string, number: number, place: number, createdMs: number): TimedRun {
  const uuid = `{${number.toString(16).padStart(8, '0')}-5c1e-4b00-8000-${String(place).padStart(12, '0')}}`;
  const isBad = Math.ceil(number / 2) % 2 === 0;
  const step = (index: number, result: TimedRun['steps'][number]['result']): TimedRun['steps'][number] => ({
    uuid: `{${uuid.slice(1, 10)}00${String(index).padStart(2, '0')}${uuid.slice(14)}`,
    trigger: 'automatic',
    startMs: createdMs + (20 + index * 60) * 1000,
    endMs: createdMs + (70 + index * 60) * 1000,
    result,
  });
  const results = isBad
    ? (['SUCCESSFUL', 'FAILED', 'NOT_RUN'] as const)
    : (['SUCCESSFUL', 'SUCCESSFUL', 'SUCCESSFUL'] as const);
  return {
    ...{ uuid, number, attempt: 1, kind, branch, createdMs, endMs: createdMs + 4 * minuteMs },
    result: isBad ? 'FAILED' : 'SUCCESSFUL',
    steps: results.map((result, index) => step(index, result)),
  };
}

const runsAnHour = 150;

const tektonPlan: readonly PipelinePlan[] = ['team-a', 'team-b'].flatMap((namespace) =>
  ['build', 'deploy'].map((pipeline) => ({
    ...{ namespace, pipeline, runsAnHour, taskSeconds: 40, tasks: ['compile', 'test'] },
  })),
);

export async function simulatedTekton(startMs: number): Promise<SimulatedSystem> {
  const cluster = createCluster({ seed: 5, startMs, keepSeconds: 300, plan: tektonPlan });
  const server = await startApiServer({ clock, store: cluster.store, isKnown: (token) => token === 'token' });
  return {
    source: { kind: 'tekton', cluster: { server: server.url, token: { secret } } },
    secrets: { [secret]: 'token' },
    fleet: {
      ...noFleet,
      queues: ['team-a', 'team-b'].map((name) => ({ scope: name, name })),
      pipelines: tektonPlan.map(({ namespace, pipeline }) => ({ scope: namespace, name: pipeline })),
      results: {
        runs: ['success', 'failure', 'timeout', 'cancellation'],
        jobs: ['success', 'failure', 'error', 'timeout', 'cancellation'],
      },
      finishesAnHour: tektonPlan.length * runsAnHour * 3,
    },
    liveUntil: (ms) => {
      cluster.advance(ms);
    },
    ...stopping(() => server.close()),
  };
}

function workflow(project: string, name: string): WorkflowPlan {
  return {
    ...{ project, name, runner: 'GITHUB_ACTION', runsPerHour: runsAnHour, meanSeconds: 90 },
    percent: { failed: 20 },
    violationPercent: 20,
    gate: 'warning',
  };
}

const workflows = [workflow('shop', 'build'), workflow('shop', 'release'), workflow('platform', 'build')];

export async function simulatedChainloop(startMs: number, settings: object = {}): Promise<SimulatedSystem> {
  const plan = { organization: 'acme', apiToken: 'token-of-the-organization', workflows };
  const attestations = createAttestations({ seed: 7, startMs, plan });
  const server = await startChainloopServer({ clock, attestations });
  return {
    source: { kind: 'chainloop', url: server.url, organization: 'acme', token: { secret }, ...settings },
    secrets: { [secret]: attestations.apiToken },
    fleet: {
      ...noFleet,
      pipelines: workflows.map(({ project, name }) => ({ scope: project, name })),
      results: { runs: ['success', 'failure'], jobs: [] },
      finishesAnHour: workflows.length * runsAnHour,
    },
    liveUntil: () => undefined,
    ...stopping(() => server.close()),
  };
}

/** A page of Tekton's controller; its counters go on with each look. */
export async function simulatedPage(): Promise<SimulatedSystem> {
  let looks = 0;
  const server = await startLoopbackServer((_, response) => {
    looks += 1;
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', date: new Date().toUTCString() };
    response.writeHead(200, headers).end(pageText(looks));
  });
  return {
    source: {
      kind: 'prometheus',
      profile: 'tekton-controller',
      measures: 'profile',
      targets: [{ url: `${server.url}/metrics` }],
    },
    secrets: {},
    fleet: { ...noFleet, labelValues: 2 },
    liveUntil: () => undefined,
    ...stopping(() => server.close()),
  };
}

const controller = 'tekton_pipelines_controller';

function pageText(looks: number): string {
  const histogram = `${controller}_pipelinerun_duration_seconds`;
  const labels = ['ci', 'cd'].flatMap((namespace) =>
    ['success', 'failed'].map((status) => `namespace="${namespace}",status="${status}"`),
  );
  const durations = labels.flatMap((own) => [
    `${histogram}_bucket{${own},le="60"} ${String(looks)}`,
    `${histogram}_bucket{${own},le="+Inf"} ${String(2 * looks)}`,
    `${histogram}_sum{${own}} ${String(90 * looks)}`,
    `${histogram}_count{${own}} ${String(2 * looks)}`,
  ]);
  return [
    '# TYPE kn_workqueue_depth gauge',
    'kn_workqueue_depth{name="pipelinerun"} 1',
    'kn_workqueue_depth{name="taskrun"} 2',
    `# TYPE ${controller}_pipelinerun_total counter`,
    `${controller}_pipelinerun_total{status="success"} ${String(3 * looks)}`,
    `${controller}_pipelinerun_total{status="failed"} ${String(looks)}`,
    `# TYPE ${controller}_running_taskruns gauge`,
    `${controller}_running_taskruns 4`,
    `# TYPE ${controller}_taskrun_total counter`,
    `${controller}_taskrun_total{status="success"} ${String(6 * looks)}`,
    `${controller}_taskrun_total{status="failed"} ${String(looks)}`,
    `# TYPE ${histogram} histogram`,
    ...durations,
    '',
  ].join('\n');
}
