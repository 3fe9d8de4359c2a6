/** Both functions of the stack write and answer nothing of what they were sent back. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';
import { type EchoServer, startEchoServer } from '../support/network/echo-server.ts';
import { startSecretsManagerFake } from '../support/aws/secrets-manager-fake.ts';

const sessionToken = 'IQoJb3JpZ2luX2VjEXAMPLE/session+token==/of-a-canary';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

let written: string[];

beforeEach(() => {
  vi.resetModules();
  written = [];
  // The log of AWS Lambda is what a process writes.
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const context = { awsRequestId: 'id', getRemainingTimeInMillis: () => 20_000 };

function stubAws(url: string): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', sessionToken);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
}

function expectNothingShown(outputs: unknown, server: EchoServer): void {
  expect(Object.keys(server.credentials())).toContain('session');
  expectNoCanary(outputs);
  expectNoCanary(outputs, { ...server.credentials(), sessionToken, secretAccessKey });
}

it('the collector', async () => {
  await using server = await startEchoServer({ status: 403, lead: 280 });
  stubAws(server.url);
  vi.stubEnv('COLLECTOR_LOOPBACK', 'allow');
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-handler-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv('LAMBDA_TASK_ROOT', folder);
  vi.stubEnv('COLLECTOR_STATE_TABLE', 'state');
  await using secrets = await startSecretsManagerFake();
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', secrets.clientConfig.endpoint);
  secrets.stored.set('ci/token', { text: ` ${canaries.token}\n` });
  const token = { secret: 'ci/token' };
  const { alarms, deployment, ...runtime } = CollectorConfig.parse({
    sources: [
      { kind: 'prometheus', targets: [{ url: `${server.url}/metrics` }], auth: { bearer: token } },
      { kind: 'bitbucket-pipelines', endpoint: `${server.url}/2.0`, workspace: 'acme', auth: { accessToken: token } },
      { kind: 'buildkite', endpoint: `${server.url}/v3`, agentTokens: [token] },
    ],
    sinks: [{ kind: 'cloudwatch' }],
    logLevel: 'debug',
  });
  expect([alarms, deployment]).not.toContain(undefined);
  await writeFile(join(folder, 'collector.json'), JSON.stringify(runtime));
  const { handler } = await import('../../lambda/handler.ts');

  const answer: unknown = await handler({}, context).catch((error: unknown) => error);

  expect(written.length).toBeGreaterThan(0);
  expect(answer).toBeInstanceOf(Error);
  expectNothingShown([written, answer], server);
});

it('the webhook, when its queue answers a wrong signature with the request that it got', async () => {
  await using server = await startEchoServer({ status: 403, lead: 280 });
  stubAws(server.url);
  vi.stubEnv('WEBHOOK_QUEUE_URL', `${server.url}/1/events`);
  vi.stubEnv('WEBHOOK_SECRET', JSON.stringify({ env: 'CANARY_TOKEN' }));
  vi.stubEnv('WEBHOOK_SCHEME', 'buildkite-token');
  vi.stubEnv('CANARY_TOKEN', canaries.token);
  const { handler } = await import('../../lambda/webhook.ts');
  const event = {
    headers: { 'x-buildkite-event': 'job.finished', 'x-buildkite-token': canaries.token },
    body: JSON.stringify({ event: 'job.finished', job: { id: 'j' } }),
    requestContext: { http: { method: 'POST' } },
  };

  const answer: unknown = await handler(event).catch((error: unknown) => error);

  expect(answer).toBeInstanceOf(Error);
  expectNothingShown([written, answer], server);
});
