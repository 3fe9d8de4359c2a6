/** Servers in good health of which some names are meant to do harm; one for each source. */
import type { IncomingMessage, RequestListener } from 'node:http';
import { createBitbucketApi } from '../../lambda/demo/simulators/bitbucket/server.ts';
import { createWorkspace, type SimulatedRepository } from '../../lambda/demo/simulators/bitbucket/workspace.ts';
import { replyTo } from '../../lambda/demo/simulators/chainloop/replies.ts';
import { createKubernetesApi } from '../../lambda/demo/simulators/tekton/api-server.ts';
import { createRunStore, type RunObject } from '../../lambda/demo/simulators/tekton/objects.ts';
import type { SourceKind } from '../../lambda/sources/index.ts';
import { canaries } from '../support/canary.ts';
import { answerGithub } from './sources/github-answers.ts';

/** Starts a name that means harm, so that a test can see that it was published after all. */
export const oddBeginning = 'odd';

/** Colours, a bell, line feeds, an 8-bit CSI, every control of direction, both separators, and half a surrogate pair. */
const oddName = `${oddBeginning}\u001b[31m\u0007\n\r\u009b2J\u202e\u202a\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\u061c\ud800x`;

/** Two of the same kind that differ behind the 128th character only. */
export const longNames = [`long-${'x'.repeat(200)}a`, `long-${'x'.repeat(200)}b`] as const;

export const goodName = 'good';

/** Names that hold the token of the test: as it is, and so that a cut at 128 characters splits it. */
export const echoedBeginning = 'echo';
const echoedNames = [`${echoedBeginning}-${canaries.token}`, `${echoedBeginning}-${'y'.repeat(104)}${canaries.token}`];

/** Names that every object of JavaScript has already. */
export const inheritedNames = ['__proto__', 'constructor', 'hasOwnProperty'] as const;

const names = [goodName, oddName, ...longNames, ...echoedNames, ...inheritedNames];

export interface HostileSubject {
  /** Reads as much as the kind can read. */
  readonly config: (url: string) => object;
  /** Work that is open at first and has ended at the second look, a minute later. */
  readonly server: (clock: () => number) => RequestListener;
}

/** Half a surrogate pair in an id of the vendor's own. */
function oddId(id: string): string {
  return `${id}\udc00`;
}

function json(answer: (path: string, request: IncomingMessage) => unknown): RequestListener {
  return (request, response) => {
    const body = answer((request.url ?? '').split('?')[0] ?? '', request);
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: 'Not found' }));
  };
}

const minuteMs = 60_000;

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function buildkiteServer(clock: () => number): RequestListener {
  const startMs = clock();
  const queues = names.map((name, index) => ({ id: index === 1 ? oddId('q') : `q${String(index)}`, key: name }));
  const byQueue = (figures: object): object => Object.fromEntries(names.map((name) => [name, figures]));
  const jobs = { scheduled: 1, running: 1, waiting: 0, total: 2 };
  const agents = { idle: 0, busy: 1, total: 1 };
  return json((path, { url = '' }) => {
    if (path === '/v3/metrics') {
      return {
        organization: { slug: 'acme' },
        cluster: { name: 'Linux' },
        jobs: { ...jobs, queues: byQueue(jobs) },
        agents: { ...agents, queues: byQueue(agents) },
      };
    }
    if (path === '/v2/access-token') return { uuid: 'u', scopes: ['read_builds', 'read_clusters'] };
    if (path === '/v2/organizations/acme/clusters') {
      return [
        { id: 'c', name: 'Linux' },
        { id: oddId('c'), name: oddName },
      ];
    }
    if (path === '/v2/organizations/acme/clusters/c/queues') return queues;
    if (path.endsWith('/queues')) return [];
    if (path !== '/v2/organizations/acme/builds') return undefined;
    const hasEnded = clock() > startMs;
    const asksForEnded = url.includes('state%5B%5D=passed') || url.includes('state=finished') || url.includes('passed');
    if (asksForEnded && !hasEnded) return [];
    return names.map((name, index) => {
      const times = { created_at: iso(startMs - minuteMs), started_at: iso(startMs - minuteMs / 2) };
      const state = hasEnded ? 'passed' : 'running';
      const finished_at = hasEnded ? iso(startMs + minuteMs / 2) : null;
      return {
        id: index === 1 ? oddId('b') : `b${String(index)}`,
        number: index + 1,
        url: 'https://api.buildkite.com/v2/organizations/acme/pipelines/x/builds/1',
        web_url: `https://buildkite.com/acme/${name}`,
        state,
        branch: name,
        commit: 'abcdef0123456789',
        ...times,
        finished_at,
        pipeline: { slug: name, default_branch: 'main' },
        jobs: [
          {
            id: index === 1 ? oddId('j') : `j${String(index)}`,
            type: 'script',
            state,
            exit_status: hasEnded ? 0 : null,
            agent_query_rules: [`queue=${name}`],
            cluster_id: 'c',
            cluster_queue_id: queues[index]?.id,
            runnable_at: times.created_at,
            started_at: times.started_at,
            finished_at,
          },
        ],
      };
    });
  });
}

function bitbucketServer(clock: () => number): RequestListener {
  const startMs = clock();
  const workspace = createWorkspace({
    slug: 'acme',
    seed: 1,
    startMs,
    repositories: [...names, 'lost'].map((slug) => ({
      slug,
      project: slug === 'lost' ? 'LOST' : slug,
      runsPerHour: 120,
      pipelines: 'some',
      environments: [slug],
      runners: [
        { uuid: '{00000000-0000-4000-8000-00000000000a}', name: slug, labels: [slug], status: 'ONLINE', isBusy: false },
      ],
    })),
    runners: [{ uuid: oddId('{r}'), name: oddName, labels: names, status: 'ONLINE', isBusy: true }],
  });
  const withOddId = (repository: SimulatedRepository): SimulatedRepository =>
    repository.plan.slug === 'lost' ? { ...repository, uuid: oddId('{lost') } : repository;
  const odd = { ...workspace, repositories: workspace.repositories.map(withOddId) };
  const credentials = new Map([[`Bearer ${canaries.token}`, 'access-token' as const]]);
  return createBitbucketApi({ workspace: odd, clock, credentials }).listener;
}

function tektonServer(clock: () => number): RequestListener {
  const startMs = clock();
  const runs = (hasEnded: boolean): readonly RunObject[] =>
    names.flatMap((name, index) => {
      const labels = { 'tekton.dev/pipeline': name, 'tekton.dev/task': name, team: name };
      const created = iso(startMs - minuteMs);
      const status = {
        startTime: created,
        conditions: [
          {
            type: 'Succeeded',
            status: hasEnded ? 'True' : 'Unknown',
            reason: hasEnded ? 'Succeeded' : 'Running',
            lastTransitionTime: iso(startMs + minuteMs / 2),
          } as const,
        ],
        ...(hasEnded ? { completionTime: iso(startMs + minuteMs / 2) } : {}),
        steps: [],
      };
      return (['PipelineRun', 'TaskRun'] as const).map((kind): RunObject => {
        const id = `${kind}-${String(index)}`.toLowerCase();
        return {
          apiVersion: 'tekton.dev/v1',
          kind,
          metadata: {
            name: index === 1 ? oddId(id) : id,
            namespace: index === 1 ? oddName : 'ci',
            uid: index === 1 ? oddId(id) : id,
            creationTimestamp: created,
            labels,
          },
          spec: { pipelineRef: { name }, taskRef: { name } },
          status,
        };
      });
    });
  const store = createRunStore(runs(false));
  const api = createKubernetesApi({ clock, store, isKnown: () => true });
  return (request, response) => {
    if (clock() > startMs) for (const run of runs(true)) store.put(run);
    api.listener(request, response);
  };
}

function chainloopServer(clock: () => number): RequestListener {
  const startMs = clock();
  const workflows = names.map((name, index) => ({ id: `w${String(index)}`, name, project: name }));
  const recordsNow = (): Parameters<typeof replyTo>[1] => ({
    records: {
      organization: 'acme',
      workflows,
      runs: workflows.map((workflow, index) => ({
        id: `00000000-0000-4000-8000-00000000000${String(index)}`,
        workflow,
        createdMs: startMs - minuteMs,
        ...(clock() > startMs ? { finishedMs: startMs + minuteMs / 2 } : {}),
        status: clock() > startMs ? 'succeeded' : 'initialized',
        runner: 'GITHUB_ACTION',
        version: { name: workflow.name, isPrerelease: false, releasedMs: startMs - minuteMs },
      })),
    },
    apiToken: canaries.token,
  });
  return ({ method = '', url = '', headers }, response) => {
    const { authorization, accept, 'content-type': contentType } = headers;
    const received = { method, path: url, authorization, accept, contentType, body: new Uint8Array() };
    const { status, headers: answered, body } = replyTo(received, recordsNow(), 'ok', clock());
    response.writeHead(status, answered).end(body);
  };
}

/** Names of repositories are GitHub's own, without odd signs; those of workflows, labels and branches are anybody's. */
function githubServer(clock: () => number): RequestListener {
  const startMs = clock();
  const repositories = names.map((_, index) => `repository-${String(index)}`);
  const nameOf = (index: number): string => names[index] ?? '';
  const runners = names.map((name) => [name]);
  return json((path) => answerGithub(path, { repositories, startMs, runners, nameOf, hasEnded: clock() > startMs }));
}

/** A text page writes a line feed as `\n`, and is UTF-8, which has no half pairs. */
function prometheusServer(): RequestListener {
  const escaped = (text: string): string => text.toWellFormed().replaceAll('\n', '\\n');
  const lines = names.map((name, index) => `jobs{queue="${escaped(name).replaceAll('\r', '')}"} ${String(index)}`);
  const help = escaped(oddName).replaceAll('\r', '');
  const page = `# HELP jobs ${help}\n# TYPE jobs gauge\n${lines.join('\n')}\n`;
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(page);
  };
}

export const hostileSubjects: Readonly<Record<SourceKind, HostileSubject>> = {
  'bitbucket-pipelines': {
    config: (url) => ({
      kind: 'bitbucket-pipelines',
      endpoint: `${url}/2.0`,
      workspace: 'acme',
      auth: { accessToken: { env: 'CANARY_TOKEN' } },
      branches: ['*'],
      runners: { repositories: ['*'] },
    }),
    server: bitbucketServer,
  },
  buildkite: {
    config: (url) => ({
      kind: 'buildkite',
      endpoint: `${url}/v3`,
      restEndpoint: `${url}/v2`,
      agentTokens: [{ env: 'CANARY_TOKEN' }],
      apiToken: { env: 'CANARY_TOKEN' },
      waits: 'rest',
      namedBranches: ['*'],
    }),
    server: buildkiteServer,
  },
  chainloop: {
    config: (url) => ({ kind: 'chainloop', url, organization: 'acme', token: { env: 'CANARY_TOKEN' } }),
    server: chainloopServer,
  },
  'github-actions': {
    config: (url) => ({
      kind: 'github-actions',
      endpoint: url,
      organization: 'acme',
      auth: { token: { env: 'CANARY_TOKEN' } },
      branches: ['*'],
    }),
    server: githubServer,
  },
  prometheus: {
    config: (url) => ({
      kind: 'prometheus',
      targets: [{ url: `${url}/metrics` }],
      auth: { bearer: { env: 'CANARY_TOKEN' } },
      measures: [{ metric: 'jobs', type: 'gauge', labels: ['queue'] }],
    }),
    server: prometheusServer,
  },
  tekton: {
    config: (url) => ({
      kind: 'tekton',
      cluster: { server: url, token: { env: 'CANARY_TOKEN' } },
    }),
    server: tektonServer,
  },
};
