/** How the contract tests set up each kind of source and sink; the compiler asks for the entry of a new kind. */
import type { RequestListener } from 'node:http';
import { createBitbucketApi } from '../../lambda/demo/simulators/bitbucket/server.ts';
import { createWorkspace, type RepositoryPlan } from '../../lambda/demo/simulators/bitbucket/workspace.ts';
import { createKubernetesApi } from '../../lambda/demo/simulators/tekton/api-server.ts';
import { createRunStore, type RunObject } from '../../lambda/demo/simulators/tekton/objects.ts';
import { replyTo } from '../../lambda/demo/simulators/chainloop/replies.ts';
import type { RunRecord } from '../../lambda/demo/simulators/chainloop/records.ts';
import type { SinkKind } from '../../lambda/sinks/index.ts';
import type { SourceKind } from '../../lambda/sources/index.ts';
import { canaries } from '../support/canary.ts';
import type { FaultName } from '../support/network/faults.ts';
import type { ProblemKind } from '../../lambda/model/problem.ts';
import { receiveHttp } from './sinks/http-receiver.ts';
import { addressToScrape, receiveFile, receivePrinted, receiveScraped } from './sinks/page-receiver.ts';
import {
  cloudWatchBackend,
  datadogBackend,
  googleCloudMonitoringBackend,
  newRelicBackend,
  otlpBackend,
  pushgatewayBackend,
  remoteWrite1Backend,
  remoteWriteBackend,
} from './sinks/backends.ts';
import type { SinkFacts } from './sinks/facts.ts';
import { answerGithub } from './sources/github-answers.ts';
import { receiveStatsd } from './sinks/udp-receiver.ts';

/** How the contract test sets up one kind; the compiler asks for a new kind's entry. */
export interface SourceSubject {
  /** `url` is the server of the test; secrets are read from environment variables such as `CANARY_TOKEN`. */
  readonly config: (url: string) => object;
  /** A server in good health, with something to tell. */
  readonly healthy: RequestListener;
  /** A server in good health with nothing going on: no problem, and no invented figure. */
  readonly empty: RequestListener;
}

export interface SinkSubject {
  readonly config: (url: string, folder: string) => object;
  /** A server that takes everything; absent for a sink that needs no network. */
  readonly healthy?: RequestListener;
  /** Kinds that differ from the table, because the client is the vendor's and does more or tells less. */
  readonly differs?: Partial<Readonly<Record<FaultName, readonly ProblemKind[]>>>;
  /** What the rules of docs/adding-a-sink.md have to know of its backend. */
  readonly facts: SinkFacts;
  /** Other settings under which the rules hold, too, by a name for the test. */
  readonly variants?: Readonly<Record<string, { readonly settings: object; readonly facts: SinkFacts }>>;
}

function json(body: unknown): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

function tektonCluster(runs: readonly RunObject[]): RequestListener {
  return createKubernetesApi({ clock: Date.now, store: createRunStore(runs), isKnown: () => true }).listener;
}

/** A control plane with these runs; the filters of a request are not looked at, only its path. */
function chainloopServer(runs: readonly RunRecord[]): RequestListener {
  const served = {
    records: { organization: 'acme', workflows: runs.map(({ workflow }) => workflow), runs },
    apiToken: canaries.token,
  };
  return ({ method = '', url = '', headers }, response) => {
    const { authorization, accept, 'content-type': contentType } = headers;
    const received = { method, path: url, authorization, accept, contentType, body: new Uint8Array() };
    const { status, headers: answered, body } = replyTo(received, served, 'ok', Date.now());
    response.writeHead(status, answered).end(body);
  };
}

function bitbucketWorkspace(repositories: readonly RepositoryPlan[]): RequestListener {
  const workspace = createWorkspace({ slug: 'acme', seed: 1, startMs: Date.now(), repositories });
  const credentials = new Map([[`Bearer ${canaries.token}`, 'access-token' as const]]);
  return createBitbucketApi({ workspace, clock: Date.now, credentials }).listener;
}

function githubOrganization(repositories: readonly string[]): RequestListener {
  const startMs = Date.now();
  const runners = repositories.length === 0 ? [] : [['self-hosted', 'linux']];
  return (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = answerGithub(path, { repositories, runners, startMs, hasEnded: false });
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: 'Not Found' }));
  };
}

function metricsPage(text: string): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  };
}

const noContent: RequestListener = (request, response) => {
  request.resume();
  response.writeHead(204).end();
};

/** A message of protobuf without fields: everything was stored. */
const emptyMessage: RequestListener = (request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

export const sourceSubjects: Readonly<Record<SourceKind, SourceSubject>> = {
  'bitbucket-pipelines': {
    config: (url) => ({
      kind: 'bitbucket-pipelines',
      endpoint: `${url}/2.0`,
      workspace: 'acme',
      auth: { accessToken: { env: 'CANARY_TOKEN' } },
    }),
    healthy: bitbucketWorkspace([{ slug: 'shop', project: 'WEB', runsPerHour: 60, pipelines: 'some' }]),
    empty: bitbucketWorkspace([]),
  },
  buildkite: {
    config: (url) => ({ kind: 'buildkite', endpoint: `${url}/v3`, agentTokens: [{ env: 'CANARY_TOKEN' }] }),
    healthy: json({
      organization: { slug: 'acme' },
      cluster: { name: 'Linux' },
      jobs: {
        scheduled: 2,
        running: 1,
        waiting: 3,
        total: 3,
        queues: { default: { scheduled: 2, running: 1, waiting: 3, total: 3 } },
      },
      agents: { idle: 0, busy: 1, total: 1, queues: { default: { idle: 0, busy: 1, total: 1 } } },
    }),
    empty: json({
      organization: { slug: 'acme' },
      jobs: { scheduled: 0, running: 0, waiting: 0, total: 0, queues: {} },
      agents: { idle: 0, busy: 0, total: 0, queues: {} },
    }),
  },
  chainloop: {
    config: (url) => ({ kind: 'chainloop', url, organization: 'acme', token: { env: 'CANARY_TOKEN' } }),
    healthy: chainloopServer([
      {
        id: '00000000-0000-4000-8000-000000000001',
        workflow: { id: 'w1', name: 'build', project: 'shop' },
        createdMs: Date.UTC(2026, 0, 2, 3, 4, 5),
        finishedMs: Date.UTC(2026, 0, 2, 3, 5, 5),
        status: 'succeeded',
        runner: 'GITHUB_ACTION',
        policy: { status: 'passed', total: 3, violated: 0 },
      },
    ]),
    empty: chainloopServer([]),
  },
  'github-actions': {
    config: (url) => ({
      kind: 'github-actions',
      endpoint: url,
      organization: 'acme',
      auth: { token: { env: 'CANARY_TOKEN' } },
    }),
    healthy: githubOrganization(['shop']),
    empty: githubOrganization([]),
  },
  prometheus: {
    // The smallest limit that still lets through the other rows of the fault table.
    config: (url) => ({
      kind: 'prometheus',
      targets: [{ url: `${url}/metrics` }],
      auth: { bearer: { env: 'CANARY_TOKEN' } },
      limits: { megabytes: 1 },
      measures: [
        { metric: 'jobs', type: 'gauge', labels: ['queue'] },
        { metric: 'jobs_total', type: 'counter' },
      ],
    }),
    healthy: metricsPage('# TYPE jobs gauge\njobs{queue="a"} 2\n# TYPE jobs_total counter\njobs_total 7\n'),
    empty: metricsPage(''),
  },
  tekton: {
    config: (url) => ({ kind: 'tekton', cluster: { server: url, token: { env: 'CANARY_TOKEN' } } }),
    healthy: tektonCluster([
      {
        apiVersion: 'tekton.dev/v1',
        kind: 'PipelineRun',
        metadata: { name: 'a', namespace: 'ci', uid: 'a', creationTimestamp: '2026-11-21T12:00:00Z' },
      },
    ]),
    empty: tektonCluster([]),
  },
};

export const sinkSubjects: Readonly<Record<SinkKind, SinkSubject>> = {
  cloudwatch: {
    config: () => ({ kind: 'cloudwatch', region: 'us-east-1' }),
    healthy: json({}),
    differs: {
      // The SDK waits as long as it is told to, and the deadline comes first.
      '429 with Retry-After': ['timeout', 'rate-limited'],
      // It reads the answer of a success, and wants JSON or nothing.
      'truncated JSON': ['bad-response'],
      'HTML instead of JSON': ['bad-response'],
      'invalid UTF-8': [],
      // It has no limit for the size of an answer, so this is a race with the deadline.
      'huge body': ['timeout', 'bad-response', 'unavailable'],
      'no answer': ['timeout', 'unavailable'],
    },
    facts: {
      startReceiver: receiveHttp(cloudWatchBackend),
      answers: 'request',
      takes: 'increases',
      forgets: 'by itself',
      // PutMetricData API reference, before compression; written apart from the sink's own.
      limits: { bytes: 1_000_000, values: 1000 },
    },
  },
  datadog: {
    config: (url) => ({ kind: 'datadog', url, apiKey: { env: 'CANARY_TOKEN' } }),
    healthy: json({ errors: [] }),
    differs: {
      // The answer tells errors of what was taken, so that one that cannot be read, or is missing, is told.
      'empty body': ['bad-response'],
      'truncated JSON': ['bad-response'],
      'HTML instead of JSON': ['bad-response'],
      'invalid UTF-8': ['bad-response'],
    },
    facts: {
      startReceiver: receiveHttp(datadogBackend),
      answers: 'request',
      takes: 'increases',
      forgets: 'by itself',
      // API reference, "Submit metrics", as sent; written apart from the sink's own.
      limits: { bytes: 512_000 },
    },
  },
  file: {
    config: (_url, folder) => ({ kind: 'file', path: `${folder}/metrics.prom` }),
    facts: { startReceiver: receiveFile('metrics.prom'), answers: 'itself', takes: 'totals', forgets: 'when told' },
  },
  'google-cloud-monitoring': {
    config: (url) => ({
      kind: 'google-cloud-monitoring',
      url,
      project: 'acme-ci',
      auth: { bearer: { env: 'CANARY_TOKEN' } },
    }),
    healthy: json({}),
    differs: {
      // Only an empty object says that everything was written.
      'empty body': ['bad-response'],
      'truncated JSON': ['bad-response'],
      'HTML instead of JSON': ['bad-response'],
      'invalid UTF-8': ['bad-response'],
    },
    facts: {
      startReceiver: receiveHttp(googleCloudMonitoringBackend),
      answers: 'request',
      takes: 'totals',
      forgets: 'by itself',
      startTimes: true,
      // CreateTimeSeriesRequest, written apart from the sink's own.
      limits: { values: 200 },
    },
  },
  'new-relic': {
    config: (url) => ({ kind: 'new-relic', url, apiKey: { env: 'CANARY_TOKEN' } }),
    healthy: json({ requestId: 'f0e7bfff-001a-b000-0000-01682bcf4565' }),
    differs: {
      // It gives a number to each request that it takes, so that an answer without one is not its own.
      'truncated JSON': ['bad-response'],
      'HTML instead of JSON': ['bad-response'],
      'invalid UTF-8': ['bad-response'],
      'empty body': ['bad-response'],
    },
    facts: {
      startReceiver: receiveHttp(newRelicBackend),
      answers: 'request',
      takes: 'increases',
      forgets: 'by itself',
      // Metric API, "Maximum limits", as sent; written apart from the sink's own.
      limits: { bytes: 1_000_000 },
    },
  },
  otlp: {
    config: (url) => ({ kind: 'otlp', url, auth: { bearer: { env: 'CANARY_TOKEN' } } }),
    healthy: emptyMessage,
    differs: {
      // The answer tells how much was stored, so that one that cannot be read is told.
      'truncated JSON': ['bad-response'],
      'HTML instead of JSON': ['bad-response'],
      'invalid UTF-8': ['bad-response'],
    },
    facts: {
      startReceiver: receiveHttp(otlpBackend),
      answers: 'request',
      takes: 'totals',
      forgets: 'when told',
      startTimes: true,
    },
    variants: {
      'increases in JSON': {
        settings: { temporality: 'delta', encoding: 'json', pointsPerRequest: 1000 },
        facts: {
          startReceiver: receiveHttp(otlpBackend),
          answers: 'request',
          takes: 'increases',
          forgets: 'when told',
          limits: { values: 1000 },
        },
      },
    },
  },
  pushgateway: {
    config: (url) => ({
      kind: 'pushgateway',
      url,
      auth: { basic: { username: 'ci', password: { env: 'CANARY_TOKEN' } } },
    }),
    healthy: json({ status: 'success', data: [] }),
    // The body of a success is not read, but no gateway answers with a page for people.
    differs: { 'HTML instead of JSON': ['bad-response'] },
    facts: {
      startReceiver: receiveHttp(pushgatewayBackend),
      answers: 'request',
      takes: 'totals',
      // It names the metric that it refuses, never the sample.
      refusalCosts: 'metric',
      forgets: 'when told',
    },
  },
  'remote-write': {
    config: (url) => ({ kind: 'remote-write', url: `${url}/api/v1/write`, auth: { bearer: { env: 'CANARY_TOKEN' } } }),
    healthy: noContent,
    differs: { 'HTML instead of JSON': ['bad-response'] },
    facts: {
      startReceiver: receiveHttp(remoteWriteBackend),
      answers: 'request',
      takes: 'totals',
      forgets: 'when told',
      startTimes: true,
      limits: { values: 2000 },
    },
    variants: {
      '1.0': {
        settings: { version: '1.0' },
        facts: {
          startReceiver: receiveHttp(remoteWrite1Backend),
          answers: 'request',
          takes: 'totals',
          // What was refused must not be sent again (remote write 1.0, "Retries & Backoff").
          refusalCosts: 'request',
          forgets: 'when told',
          limits: { values: 2000 },
        },
      },
    },
  },
  statsd: {
    config: (url) => ({
      kind: 'statsd',
      host: '127.0.0.1',
      port: Number(new URL(`udp://${url.replace(/^http:\/\//, '')}`).port),
    }),
    facts: {
      startReceiver: receiveStatsd,
      answers: 'nothing',
      takes: 'increases',
      // It keeps the last level of a name until it is restarted or told to delete what is idle.
      forgets: 'never',
      manyQueues: 200,
      limits: { bytes: 1432 },
    },
    variants: {
      dogstatsd: {
        settings: { tags: 'dogstatsd', observations: 'd', timestamps: 'send' },
        facts: {
          startReceiver: receiveStatsd,
          answers: 'nothing',
          takes: 'increases',
          forgets: 'never',
          manyQueues: 200,
          limits: { bytes: 1432 },
        },
      },
    },
  },
  'scrape-page': {
    config: (url) => ({
      kind: 'scrape-page',
      listen: addressToScrape(url),
      auth: { basic: { username: 'prometheus', password: { env: 'CANARY_TOKEN' } } },
    }),
    facts: {
      startReceiver: receiveScraped,
      answers: 'itself',
      takes: 'totals',
      forgets: 'when told',
      startTimes: true,
    },
  },
  stdout: {
    config: () => ({ kind: 'stdout' }),
    facts: { startReceiver: receivePrinted, answers: 'itself', takes: 'totals', forgets: 'by itself' },
  },
};
