/** The CI systems of the contract: each source's own, and the API of the template, in every condition that is asked for. */
import type { IncomingMessage } from 'node:http';
import { createBitbucketApi } from '../../../lambda/demo/simulators/bitbucket/server.ts';
import type { TimedRun } from '../../../lambda/demo/simulators/bitbucket/timeline.ts';
import { createWorkspace } from '../../../lambda/demo/simulators/bitbucket/workspace.ts';
import type { RunRecord } from '../../../lambda/demo/simulators/chainloop/records.ts';
import { replyTo } from '../../../lambda/demo/simulators/chainloop/replies.ts';
import { createKubernetesApi } from '../../../lambda/demo/simulators/tekton/api-server.ts';
import { createRunStore, type RunObject } from '../../../lambda/demo/simulators/tekton/objects.ts';
import type { SourceKind } from '../../../lambda/sources/index.ts';
import { canaries } from '../../support/canary.ts';
import { answerGithub } from './github-answers.ts';
import type { SourceFacts, StartSystem } from './facts.ts';

/** Answers by path and query; what is not there is a 404. */
function serve(answer: (path: string) => unknown): StartSystem {
  return () => (request, response) => {
    const body = answer(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: 'not found' }));
  };
}

interface ExamplePage {
  readonly queues: readonly unknown[];
  readonly next?: string;
}

const linux = { name: 'linux', waiting: 2, running: 1 };
const mac = { name: 'mac', waiting: 0, running: 0 };

function serveExample(queues: readonly unknown[], more: Omit<ExamplePage, 'queues'> = {}): StartSystem {
  return serve((path) => (path === '/api/queues' ? { queues, ...more } : undefined));
}

/** Of `docs/template-source`; a source that is made of it begins with these. */
export function exampleFacts(kind: string): SourceFacts {
  return {
    config: (url) => ({ kind, name: 'main', endpoint: `${url}/api`, auth: { bearer: { env: 'CANARY_TOKEN' } } }),
    healthy: serveExample([linux, mac]),
    empty: serveExample([]),
    unreadable: (count) => serveExample([linux, ...Array.from({ length: count }, () => ({ name: 7 })), mac]),
    silentOnFigure: serveExample([linux, { name: 'mac', waiting: 0 }]),
    parts: {
      system: serve((path) => {
        if (path === '/api/queues') return { queues: [linux], next: '/api/queues?page=2' };
        return path === '/api/queues?page=2' ? { queues: [mac] } : undefined;
      }),
      isOfSecond: ({ url = '' }) => url.endsWith('?page=2'),
    },
    pages: {
      endless: serve((path) => {
        const page = Number(/page=(\d+)$/.exec(path)?.[1] ?? 1);
        return { queues: [{ ...linux, name: `queue${String(page)}` }], next: `/api/queues?page=${String(page + 1)}` };
      }),
      leadingTo: (otherUrl) => serveExample([linux], { next: `${otherUrl}/api/queues?page=2` }),
    },
  };
}

/** Changes the JSON that a system answers at some paths. */
function rewriteJson(start: StartSystem, change: (path: string, body: unknown) => unknown): StartSystem {
  return (clock) => {
    const usual = start(clock);
    return (request, response, recorded) => {
      const path = request.url ?? '';
      const end = response.end.bind(response);
      response.end = (chunk?: unknown) => {
        const text = typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : '';
        const isJson = response.statusCode === 200 && text.startsWith('{');
        return end(isJson ? JSON.stringify(change(path, JSON.parse(text))) : text);
      };
      usual(request, response, recorded);
    };
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Adds elements to a list in an answer. */
function withElements(body: unknown, list: string, elements: readonly unknown[]): unknown {
  if (!isObject(body)) return body;
  const own: unknown = body[list];
  return isList(own) ? { ...body, [list]: [...own, ...elements] } : body;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function manyOf(count: number, element: unknown): readonly unknown[] {
  return Array.from({ length: count }, () => element);
}

const minuteMs = 60_000;

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

// Bitbucket Pipelines

function bitbucketWorkspace(slugs: readonly string[], hasRun = true): StartSystem {
  return (clock) => {
    const startMs = clock();
    const repositories = slugs.map((slug) => ({ slug, project: 'WEB', runsPerHour: 0, pipelines: 'some' }) as const);
    const runner = { uuid: '{r}', name: 'r', labels: ['linux'], status: 'ONLINE', isBusy: false } as const;
    const workspace = createWorkspace({
      slug: 'acme',
      seed: 1,
      startMs,
      repositories,
      runners: hasRun ? [runner] : [],
    });
    if (hasRun) for (const [index, slug] of slugs.entries()) workspace.add(slug, oneRun(startMs, index));
    const credentials = new Map([[`Bearer ${canaries.token}`, 'access-token' as const]]);
    return createBitbucketApi({ workspace, clock, credentials }).listener;
  };
}

function oneRun(startMs: number, index: number): TimedRun {
  const endMs = startMs + minuteMs / 2;
  const uuid = `{00000000-0000-4000-8000-00000000000${String(index)}}`;
  const step = { uuid: `{00000000-0000-4000-8000-00000000001${String(index)}}`, trigger: 'automatic' } as const;
  return {
    uuid,
    number: 1,
    attempt: 1,
    kind: 'push',
    branch: 'main',
    createdMs: startMs - minuteMs,
    endMs,
    result: 'SUCCESSFUL',
    steps: [{ ...step, startMs: startMs - minuteMs / 2, endMs, result: 'SUCCESSFUL' }],
  };
}

/** As the simulated workspace numbers them, and as a request has it. */
const secondRepository = encodeURIComponent('{00000000-5c1e-4b00-8000-000000000001}');

function isRepositoryList(path: string): boolean {
  return /^\/2\.0\/repositories\/acme\/?(\?|$)/.test(path);
}

/** Whatever page is asked for, it is the first one, and there is one more. */
const endlessRepositories: StartSystem = (clock) => {
  const usual = rewriteJson(bitbucketWorkspace(['shop']), (path, body) =>
    isRepositoryList(path) && isObject(body) ? { ...body, next: 'https://api.bitbucket.org/2.0/more' } : body,
  )(clock);
  return (request, response, recorded) => {
    request.url = request.url?.replace(/([?&]page=)\d+/, '$11') ?? '';
    usual(request, response, recorded);
  };
};

const bitbucketFacts: SourceFacts = {
  config: (url) => ({
    kind: 'bitbucket-pipelines',
    endpoint: `${url}/2.0`,
    workspace: 'acme',
    auth: { accessToken: { env: 'CANARY_TOKEN' } },
  }),
  healthy: bitbucketWorkspace(['shop']),
  empty: bitbucketWorkspace([], false),
  unreadable: (count) =>
    rewriteJson(bitbucketWorkspace(['shop']), (path, body) =>
      isRepositoryList(path) ? withElements(body, 'values', manyOf(count, { uuid: 7 })) : body,
    ),
  parts: {
    system: bitbucketWorkspace(['shop', 'till']),
    isOfSecond: ({ url = '' }) => url.includes(`/acme/${secondRepository}/`),
  },
  // Pages are asked for by their numbers, and no link is followed.
  pages: { endless: endlessRepositories },
  repeats: 'in the next run',
  counts: { system: bitbucketWorkspace(['shop']), metric: 'ci_runs_total' },
};

// Buildkite

interface ClusterAnswer {
  readonly jobs: object;
  readonly agents: object;
}

function clusterAnswer({ jobs, agents }: ClusterAnswer, name = 'Linux'): StartSystem {
  return serve((path) =>
    path === '/v3/metrics'
      ? {
          organization: { slug: 'acme' },
          cluster: { name },
          jobs: { scheduled: 0, running: 0, waiting: 0, total: 0, queues: jobs },
          agents: { idle: 0, busy: 0, total: 0, queues: agents },
        }
      : undefined,
  );
}

const figuresOfJobs = { scheduled: 2, running: 1, waiting: 3, total: 3 };
const figuresOfAgents = { idle: 0, busy: 1, total: 1 };

/** Each token sees its own cluster. */
const twoClusters: StartSystem = (clock) => {
  const answer = { jobs: { default: figuresOfJobs }, agents: { default: figuresOfAgents } };
  const linux = clusterAnswer(answer)(clock);
  const mac = clusterAnswer(answer, 'Mac')(clock);
  return (request, response, recorded) => {
    (hasSecondToken(request) ? mac : linux)(request, response, recorded);
  };
};

function hasSecondToken({ headers }: IncomingMessage): boolean {
  return String(headers.authorization).includes(canaries.json);
}

const buildkiteFacts: SourceFacts = {
  config: (url) => ({ kind: 'buildkite', endpoint: `${url}/v3`, agentTokens: [{ env: 'CANARY_TOKEN' }] }),
  healthy: clusterAnswer({ jobs: { default: figuresOfJobs }, agents: { default: figuresOfAgents } }),
  empty: clusterAnswer({ jobs: {}, agents: {} }),
  unreadable: (count) =>
    clusterAnswer({
      jobs: {
        default: figuresOfJobs,
        ...Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`q${String(index)}`, { ...figuresOfJobs, running: 'many' }]),
        ),
      },
      agents: { default: figuresOfAgents },
    }),
  silentOnFigure: clusterAnswer({
    jobs: { default: { scheduled: 2, waiting: 3, total: 3 } },
    agents: { default: figuresOfAgents },
  }),
  parts: {
    config: (url) => ({
      kind: 'buildkite',
      endpoint: `${url}/v3`,
      agentTokens: [{ env: 'CANARY_TOKEN' }, { env: 'SECOND_TOKEN' }],
    }),
    system: twoClusters,
    isOfSecond: hasSecondToken,
  },
};

// Chainloop

function controlPlane(hasRuns = true): StartSystem {
  return (clock) => {
    const startMs = clock();
    const workflow = { id: 'w1', name: 'build', project: 'shop' };
    return (request, response, { body }) => {
      const hasEnded = clock() > startMs + minuteMs / 2;
      const run: RunRecord = {
        id: '00000000-0000-4000-8000-000000000001',
        workflow,
        createdMs: startMs - minuteMs,
        ...(hasEnded ? { finishedMs: startMs + minuteMs / 2 } : {}),
        status: hasEnded ? 'succeeded' : 'initialized',
        runner: 'GITHUB_ACTION',
      };
      const records = { organization: 'acme', workflows: hasRuns ? [workflow] : [], runs: hasRuns ? [run] : [] };
      const { method = '', url = '', headers } = request;
      const { authorization, accept, 'content-type': contentType } = headers;
      const received = { method, path: url, authorization, accept, contentType, body };
      const served = { records, apiToken: canaries.token };
      const { status, headers: answered, body: answer } = replyTo(received, served, 'ok', clock());
      response.writeHead(status, answered).end(answer);
    };
  };
}

const chainloopFacts: SourceFacts = {
  config: (url) => ({ kind: 'chainloop', url, organization: 'acme', token: { env: 'CANARY_TOKEN' } }),
  healthy: controlPlane(),
  empty: controlPlane(false),
  parts: { system: controlPlane(), isOfSecond: ({ url = '' }) => url.includes('.WorkflowService/') },
  counts: { system: controlPlane(), metric: 'ci_runs_total' },
};

// Prometheus

function metricsPage(text: string): StartSystem {
  return () => (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  };
}

const jobsOnPage = '# TYPE jobs gauge\njobs{queue="a"} 2\n';
const totalsOnPage = '# TYPE jobs_total counter\njobs_total 7\n';

function scrapeConfig(paths: readonly string[]): SourceFacts['config'] {
  return (url) => ({
    kind: 'prometheus',
    targets: paths.map((path) => ({ url: `${url}${path}`, instance: path })),
    auth: { bearer: { env: 'CANARY_TOKEN' } },
    // The smallest limit that still lets through the other rows of the fault table.
    limits: { megabytes: 1 },
    measures: [
      { metric: 'jobs', type: 'gauge', labels: ['queue'] },
      { metric: 'jobs_total', type: 'counter' },
    ],
  });
}

const prometheusFacts: SourceFacts = {
  config: scrapeConfig(['/metrics']),
  healthy: metricsPage(jobsOnPage + totalsOnPage),
  empty: metricsPage(''),
  unreadable: (count) => metricsPage(`${jobsOnPage}${'jobs{queue="a"} 3\n'.repeat(count)}${totalsOnPage}`),
  silentOnFigure: metricsPage(jobsOnPage),
  parts: {
    config: scrapeConfig(['/metrics', '/second/metrics']),
    system: metricsPage(jobsOnPage + totalsOnPage),
    isOfSecond: ({ url = '' }) => url.startsWith('/second'),
  },
};

// Tekton

function kubernetesCluster(hasRuns = true): StartSystem {
  return (clock) => {
    const startMs = clock();
    const store = createRunStore(hasRuns ? [pipelineRun(startMs, false)] : []);
    const { listener } = createKubernetesApi({ clock, store, isKnown: () => true, watchPace: 0 });
    return (request, response) => {
      if (hasRuns && clock() > startMs + minuteMs / 2) store.put(pipelineRun(startMs, true));
      listener(request, response);
    };
  };
}

function pipelineRun(startMs: number, hasEnded: boolean): RunObject {
  const created = iso(startMs - minuteMs);
  const ended = iso(startMs + minuteMs / 2);
  const condition = {
    type: 'Succeeded',
    status: hasEnded ? 'True' : 'Unknown',
    reason: hasEnded ? 'Succeeded' : 'Running',
    lastTransitionTime: hasEnded ? ended : created,
  } as const;
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: {
      name: 'a',
      namespace: 'ci',
      uid: 'a',
      creationTimestamp: created,
      labels: { 'tekton.dev/pipeline': 'p' },
    },
    spec: { pipelineRef: { name: 'p' } },
    status: { startTime: created, conditions: [condition], ...(hasEnded ? { completionTime: ended } : {}) },
  };
}

const tektonFacts: SourceFacts = {
  config: (url) => ({ kind: 'tekton', cluster: { server: url, token: { env: 'CANARY_TOKEN' } } }),
  healthy: kubernetesCluster(),
  empty: kubernetesCluster(false),
  unreadable: (count) =>
    rewriteJson(kubernetesCluster(), (path, body) =>
      path.includes('/pipelineruns?') ? withElements(body, 'rows', manyOf(count, { cells: 7 })) : body,
    ),
  parts: { system: kubernetesCluster(), isOfSecond: ({ url = '' }) => url.includes('/taskruns') },
  counts: { system: kubernetesCluster(), metric: 'ci_runs_total' },
};

// GitHub Actions

/** The one run of each repository is open in the first minute, and has ended from the second one on. */
function githubOrganization(repositories: readonly string[], hasRunners = true): StartSystem {
  return (clock) => {
    const startMs = clock();
    const runners = hasRunners ? [['self-hosted', 'linux']] : [];
    return serve((path) =>
      answerGithub(path.split('?')[0] ?? '', {
        repositories,
        runners,
        startMs,
        hasEnded: clock() > startMs + minuteMs / 2,
      }),
    )(clock);
  };
}

function isGithubList(path: string): boolean {
  return path.startsWith('/orgs/acme/repos?');
}

/** Whatever page is asked for has one more repository, and there is a further page. */
function endlessGithub(next: (url: string) => string): StartSystem {
  return (clock) => {
    const usual = githubOrganization(['shop'])(clock);
    return (request, response, recorded) => {
      const path = request.url ?? '';
      if (!isGithubList(path)) {
        usual(request, response, recorded);
        return;
      }
      const page = Number(/[?&]page=(\d+)/.exec(path)?.[1] ?? 1);
      const repository = {
        id: 500 + page,
        full_name: `acme/shop-${String(page)}`,
        default_branch: 'main',
        archived: true,
      };
      response.setHeader('link', `<${next(path)}>; rel="next"`);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify([repository]));
    };
  };
}

const githubFacts: SourceFacts = {
  config: (url) => ({
    kind: 'github-actions',
    endpoint: url,
    organization: 'acme',
    auth: { token: { env: 'CANARY_TOKEN' } },
  }),
  healthy: githubOrganization(['shop']),
  empty: githubOrganization([], false),
  unreadable: (count) =>
    rewriteJson(githubOrganization(['shop']), (path, body) =>
      path.startsWith('/orgs/acme/actions/runners') ? withElements(body, 'runners', manyOf(count, { id: 'x' })) : body,
    ),
  silentOnFigure: rewriteJson(githubOrganization(['shop']), (path, body) =>
    path.startsWith('/orgs/acme/actions/runners') && isObject(body) && isList(body['runners'])
      ? { ...body, runners: body['runners'].map((runner) => (isObject(runner) ? { ...runner, busy: null } : runner)) }
      : body,
  ),
  parts: { system: githubOrganization(['shop', 'till']), isOfSecond: ({ url = '' }) => url.includes('/acme/till/') },
  pages: { endless: endlessGithub((path) => path), leadingTo: (otherUrl) => endlessGithub(() => `${otherUrl}/next`) },
  repeats: 'in the next run',
  counts: { system: githubOrganization(['shop']), metric: 'ci_runs_total' },
};

/** The compiler asks for a new kind's entry. */
export const sourceFacts: Readonly<Record<SourceKind, SourceFacts>> = {
  'bitbucket-pipelines': bitbucketFacts,
  buildkite: buildkiteFacts,
  chainloop: chainloopFacts,
  'github-actions': githubFacts,
  prometheus: prometheusFacts,
  tekton: tektonFacts,
};
