/** A server on loopback for tests of the command line, with answers of the agent API as Buildkite's docs show them. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly Recorded[];
}

type Answer = (request: Recorded, response: ServerResponse) => void;

/** A server on a free port that keeps what it was asked. */
export async function serve(answer: Answer): Promise<LoopbackServer> {
  const requests: Recorded[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const recorded = { method: request.method ?? '', path: request.url ?? '', body };
      requests.push(recorded);
      answer(recorded, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
}

/** Answers of the agent API as buildkite/docs shows them: two queues, one of them without an agent. */
export const agentMetrics = {
  organization: { slug: 'acme' },
  cluster: { name: 'Cluster A' },
  jobs: {
    ...{ scheduled: 3, running: 1, waiting: 2, total: 4 },
    queues: {
      default: { scheduled: 2, running: 1, waiting: 2, total: 3 },
      deploy: { scheduled: 1, running: 0, waiting: 0, total: 1 },
    },
  },
  agents: { idle: 2, busy: 1, total: 3, queues: { default: { idle: 2, busy: 1, total: 3 } } },
};

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}
