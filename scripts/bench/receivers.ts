/** The process with the servers that a benchmark reads from and sends to. */
import { createSocket } from 'node:dgram';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import * as z from 'zod';
import { measurePhysicalWork, type ReceivedBody } from './physical-work.ts';

/**
 * Everything that the pipeline talks to, in a process of its own so that its work is not counted: an agent API with as
 * many queues as asked for, and receivers that count requests and bytes and accept everything.
 */
const queueCount = Number(process.argv[2]);
/** Each token has a cluster of its own, named by the number that its token ends with. */
const clusterCount = Number(process.argv[3] ?? 1);

function answerOf(queues: number, cluster: number): string {
  const names = Array.from({ length: queues }, (_, index) => `queue-${String(index).padStart(5, '0')}`);
  const jobs = (index: number) => ({
    scheduled: index % 7,
    running: index % 5,
    waiting: index % 3,
    total: (index % 7) + (index % 5),
  });
  const agents = (index: number) => ({ idle: index % 4, busy: index % 5, total: (index % 4) + (index % 5) });
  const sum = <Key extends string>(rows: readonly Readonly<Record<Key, number>>[], key: Key): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const jobRows = names.map((_, index) => jobs(index));
  const agentRows = names.map((_, index) => agents(index));
  return JSON.stringify({
    organization: { slug: 'acme' },
    cluster: { name: `Cluster ${String.fromCharCode(65 + cluster)}` },
    jobs: {
      scheduled: sum(jobRows, 'scheduled'),
      running: sum(jobRows, 'running'),
      waiting: sum(jobRows, 'waiting'),
      total: sum(jobRows, 'total'),
      queues: Object.fromEntries(names.map((name, index) => [name, jobRows[index]])),
    },
    agents: {
      idle: sum(agentRows, 'idle'),
      busy: sum(agentRows, 'busy'),
      total: sum(agentRows, 'total'),
      queues: Object.fromEntries(names.map((name, index) => [name, agentRows[index]])),
    },
  });
}

const received = {
  cloudwatch: { requests: 0, bytes: 0 },
  datadog: { requests: 0, bytes: 0 },
  'google-cloud-monitoring': { requests: 0, bytes: 0 },
  'new-relic': { requests: 0, bytes: 0 },
  otlp: { requests: 0, bytes: 0 },
  pushgateway: { requests: 0, bytes: 0 },
  'remote-write': { requests: 0, bytes: 0 },
};

/** What was sent since `/limit/<runs>` was asked for, so that it can be compressed once more. */
let bodies: ReceivedBody[] = [];

async function receive(request: IncomingMessage): Promise<number> {
  const body = await buffer(request);
  bodies.push({ encoding: request.headers['content-encoding'], body });
  return body.length;
}

function receiverOf(path: string): keyof typeof received {
  if (path.startsWith('/api/v1/write')) return 'remote-write';
  if (path === '/v1/metrics' || path === '/v1/traces') return 'otlp';
  if (path.startsWith('/v3/projects/')) return 'google-cloud-monitoring';
  if (path === '/api/v2/series' || path === '/api/v1/distribution_points') return 'datadog';
  if (path === '/metric/v1') return 'new-relic';
  return path.startsWith('/metrics/job') || path.startsWith('/api/v1/metrics') ? 'pushgateway' : 'cloudwatch';
}

/** Some senders read what a success says. */
function successOf(path: string): string {
  if (path.startsWith('/api/v1/metrics')) return '{"status":"success","data":[]}';
  return path === '/metric/v1' ? '{"requestId":"f0e7bfff-001a-b000-0000-01682bcf4565"}' : '{}';
}

function secretIdsIn(body: string): readonly string[] {
  const { SecretId, SecretIdList = [] } = SecretsAsked.parse(JSON.parse(body));
  return SecretId === undefined ? SecretIdList : [SecretId];
}

const SecretsAsked = z.object({ SecretId: z.string().optional(), SecretIdList: z.array(z.string()).optional() });

const answers = Array.from({ length: clusterCount }, (_, cluster) => answerOf(queueCount / clusterCount, cluster));
const server = createServer((request, response) => {
  const path = request.url ?? '/';
  if (path === '/v3/metrics') {
    const cluster = Number(/\d+$/.exec(request.headers.authorization ?? '')?.[0] ?? 0);
    response.writeHead(200, { 'content-type': 'application/json' }).end(answers[cluster]);
    return;
  }
  if (path === '/received') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(received));
    return;
  }
  if (path.startsWith('/limit/')) {
    const limitMs = measurePhysicalWork(answers, bodies, Number(path.slice('/limit/'.length)));
    bodies = [];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(limitMs));
    return;
  }
  if (request.headers['x-amz-target']?.toString().startsWith('secretsmanager.') === true) {
    void text(request).then((body) => {
      const secrets = secretIdsIn(body).map((Name) => ({
        ARN: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${Name}-abcdef`,
        Name,
        SecretString: `bench-token-${/\d+$/.exec(Name)?.[0] ?? '0'}`,
      }));
      const answer =
        request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue' ? secrets[0] : { SecretValues: secrets };
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
    });
    return;
  }
  void receive(request).then((bytes) => {
    const counts = received[receiverOf(path)];
    if (request.method !== 'GET') {
      counts.requests += 1;
      counts.bytes += bytes;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(successOf(path));
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  // StatsD's datagrams come to the port of the same number; they are received and dropped, for StatsD has no answers.
  const datagrams = createSocket('udp4');
  datagrams.on('message', () => undefined);
  datagrams.bind(port, '127.0.0.1', () => {
    process.stdout.write(`${String(port)}\n`);
  });
});
