import type { RequestListener } from 'node:http';
import type { SinkKind } from '../../lambda/sinks/index.ts';
import type { SourceKind } from '../../lambda/sources/index.ts';
import type { FaultName } from '../support/faults.ts';
import type { ProblemKind } from '../../lambda/model/problem.ts';

/** How the contract test sets up one kind; the compiler asks for a new kind's entry. */
export interface SourceSubject {
  /** `url` is the server of the test; secrets are the environment variables of `canarySecrets`. */
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
}

function json(body: unknown): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

const noContent: RequestListener = (request, response) => {
  request.resume();
  response.writeHead(204).end();
};

export const sourceSubjects: Readonly<Record<SourceKind, SourceSubject>> = {
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
  },
  file: { config: (_url, folder) => ({ kind: 'file', path: `${folder}/metrics.prom` }) },
  pushgateway: {
    config: (url) => ({
      kind: 'pushgateway',
      url,
      auth: { basic: { username: 'ci', password: { env: 'CANARY_TOKEN' } } },
    }),
    healthy: json({ status: 'success', data: [] }),
  },
  'remote-write': {
    config: (url) => ({ kind: 'remote-write', url: `${url}/api/v1/write`, auth: { bearer: { env: 'CANARY_TOKEN' } } }),
    healthy: noContent,
  },
  stdout: { config: () => ({ kind: 'stdout' }) },
};
