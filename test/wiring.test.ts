/** Tests what the wiring gives to plugins: AWS credentials once a process, and the time between two runs of this process. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { startBuildkiteServer } from '../lambda/demo/simulators/buildkite/server.ts';
import type { RunReport } from '../lambda/report/report.ts';
import { createDeadline } from '../lambda/runtime/deadline.ts';
import { agentMetrics } from './cli/loopback.ts';
import { canaries } from './support/canary.ts';
import { contractPipeline } from './contracts/pipeline.ts';
import { batchOf } from './contracts/sinks/batches.ts';
import { knownKey, startNewRelicFake } from './support/backends/new-relic-fake.ts';
import { startLoopbackServer } from './support/network/loopback-server.ts';
import { callerKey, startStsFake, trustedRole } from './support/aws/sts-fake.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** An AWS profile whose credentials a program gives, which leaves a line in a file each time it is asked. */
async function profileWithProgram(): Promise<{ readonly timesAsked: () => Promise<number> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [config, program, asked] = ['config', 'program.sh', 'asked'].map((name) => join(folder, name));
  if (config === undefined || program === undefined || asked === undefined) throw new Error('three names, three paths');
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  const answer = JSON.stringify({
    Version: 1,
    AccessKeyId: 'AKIDEXAMPLE',
    SecretAccessKey: 'wJalrXUtnFEMI',
    SessionToken: 'session',
    Expiration: expiration,
  });
  await writeFile(asked, '');
  await writeFile(program, `echo asked >> ${asked}\necho '${answer}'\n`);
  await writeFile(config, `[profile test]\ncredential_process = sh ${program}\n`);
  vi.stubEnv('AWS_CONFIG_FILE', config);
  vi.stubEnv('AWS_PROFILE', 'test');
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) vi.stubEnv(name, undefined);
  return {
    timesAsked: async () => (await readFile(asked, 'utf8')).split('\n').length - 1,
  };
}

it('asks for the AWS credentials of the process once, not for each signed request', async () => {
  const profile = await profileWithProgram();
  const buildkite = await startBuildkiteServer({ clock: Date.now, answers: new Map() });
  onTestFinished(() => buildkite.close());
  const receiver = await startLoopbackServer((_, response) => {
    response.writeHead(204).end();
  });
  onTestFinished(() => receiver.close());
  await using pipeline = await contractPipeline({
    sources: [{ kind: 'buildkite', endpoint: buildkite.endpoint, agentTokens: [{ env: 'CANARY_TOKEN' }] }],
    sinks: [{ kind: 'remote-write', url: `${receiver.url}/write`, auth: { sigv4: { region: 'eu-west-1' } } }],
  });

  await pipeline.run(60_000);
  await pipeline.run(60_000);

  expect(receiver.requests.length).toBeGreaterThan(2);
  expect(receiver.requests.every(({ headers }) => headers['authorization']?.includes('AKIDEXAMPLE'))).toBe(true);
  expect(await profile.timesAsked()).toBe(1);
});

it('signs as the role that a sink assumes, whose session is asked for once a process', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', callerKey.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', callerKey.secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', callerKey.sessionToken);
  const buildkite = await startBuildkiteServer({ clock: Date.now, answers: new Map() });
  onTestFinished(() => buildkite.close());
  await using sts = await startStsFake({ region: 'eu-west-1', clock: Date.now, externalId: 'acme-7' });
  await using receiver = await startLoopbackServer((_, response) => {
    response.writeHead(204).end();
  });
  const sigv4 = { region: 'us-east-1', roleArn: trustedRole, externalId: 'acme-7' };
  await using pipeline = await contractPipeline(
    {
      sources: [{ kind: 'buildkite', endpoint: buildkite.endpoint, agentTokens: [{ env: 'CANARY_TOKEN' }] }],
      sinks: [{ kind: 'remote-write', url: `${receiver.url}/write`, auth: { sigv4 } }],
    },
    { variables: { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_STS: sts.url } },
  );

  await pipeline.run(60_000);
  await pipeline.run(60_000);

  expect(sts.requests).toHaveLength(1);
  expect(new Set(receiver.requests.map(({ headers }) => headers['x-amz-security-token']))).toEqual(
    new Set(['token-of-session-0==']),
  );
  expect(receiver.requests.every(({ headers }) => headers['authorization']?.includes('Credential=ASIA0/'))).toBe(true);
});

it.each([
  [10_000, 10_000],
  [undefined, 60_000],
])('sends increases for the time between two runs of this process: every %s ms', async (everyMs, windowMs) => {
  const buildkite = await startBuildkiteServer({ clock: Date.now, answers: new Map() });
  onTestFinished(() => buildkite.close());
  await using backend = await startNewRelicFake();
  await using pipeline = await contractPipeline(
    {
      interval: '1 minute',
      sources: [{ kind: 'buildkite', endpoint: buildkite.endpoint, agentTokens: [{ env: 'CANARY_TOKEN' }] }],
      sinks: [{ kind: 'new-relic', url: backend.url, apiKey: { env: 'LICENSE_KEY' } }],
    },
    { variables: { LICENSE_KEY: knownKey }, ...(everyMs === undefined ? {} : { everyMs }) },
  );
  using deadline = createDeadline(60_000, Date.now);

  for (const { sink } of pipeline.built.pipeline.sinks) await sink.write(batchOf({ run: 1, queues: 1 }), { deadline });

  const counters = backend.points.filter(({ type }) => type === 'count');
  expect(counters.length).toBeGreaterThan(0);
  expect(new Set(counters.map(({ intervalMs }) => intervalMs))).toEqual(new Set([windowMs]));
  expect(pipeline.built.intervalMs).toBe(windowMs);
});

it('counts what workers cost by the prices of the configuration, and names queues that have none', async () => {
  const buildkite = await startBuildkiteServer({
    clock: Date.now,
    answers: new Map([[canaries.token, agentMetrics]]),
    pollSeconds: 0,
  });
  onTestFinished(() => buildkite.close());
  const time = { nowMs: Date.UTC(2026, 0, 5, 12) };
  const source = { kind: 'buildkite', endpoint: buildkite.endpoint, agentTokens: [{ env: 'CANARY_TOKEN' }] };
  const open = (queue: string) =>
    contractPipeline(
      {
        sources: [source],
        sinks: [{ kind: 'stdout' }],
        prices: { currency: 'EUR', queues: [{ queue, per: 'worker-hour', price: 60 }] },
      },
      { clock: () => time.nowMs },
    );
  await using priced = await open('default');
  await using unpriced = await open('other');
  await priced.run(60_000);
  time.nowMs += 60_000;

  // The simulated server has the time of this machine, which is told besides.
  const configuration = ({ sources }: RunReport): readonly string[] =>
    sources.flatMap(({ problems }) =>
      problems.filter(({ kind }) => kind === 'configuration').map(({ message }) => message),
    );
  const [well, told] = [await priced.run(60_000), await unpriced.run(60_000)];

  // Two idle agents for a minute, at 1 a minute.
  expect(priced.said().printed.join('')).toMatch(
    /^ci_worker_cost_total\{currency="EUR",queue="default",[^}]*state="idle",[^}]*\} 2$/m,
  );
  expect(configuration(well)).toEqual([]);
  expect(told.sources.map(({ status }) => status)).toEqual(['complete']);
  expect(configuration(told)).toEqual([
    'no price for Cluster A/default, whose cost is in no metric; add it to prices.queues, with a price of 0 if it costs nothing',
  ]);
});
