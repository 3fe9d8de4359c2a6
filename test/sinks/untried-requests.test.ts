/** Tests that a request which a missing secret has stopped counts in no sink as one that was sent. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { batchOf } from '../contracts/sinks/batches.ts';

/** Nothing listens there. */
const url = 'http://127.0.0.1:9';
const missing = { env: 'NOT_SET' };

it.each([
  { kind: 'datadog', url, apiKey: missing },
  {
    kind: 'google-cloud-monitoring',
    url,
    project: 'acme-ci',
    auth: { serviceAccountKey: missing },
  },
  { kind: 'new-relic', url, apiKey: missing },
  { kind: 'otlp', url, auth: { bearer: missing } },
  { kind: 'pushgateway', url, auth: { bearer: missing } },
  { kind: 'remote-write', url, auth: { bearer: missing } },
])('sink $kind counts no request without its secret', async (sink) => {
  await using pipeline = await contractPipeline({
    sources: [{ kind: 'buildkite', endpoint: url, agentTokens: [{ env: 'CANARY_TOKEN' }] }],
    sinks: [sink],
  });
  using deadline = createDeadline(60_000, Date.now);
  const [configured] = pipeline.built.pipeline.sinks;

  const delivery = await configured?.sink.write(batchOf({ run: 1, queues: 2 }), { deadline });

  expect(delivery).toMatchObject({ accepted: 0, requests: 0, bytes: 0 });
  expect(delivery?.problems[0]?.message).toContain('NOT_SET is not set');
});

it('sink cloudwatch counts no request without AWS credentials', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nowhere');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await using pipeline = await contractPipeline({
    sources: [{ kind: 'buildkite', endpoint: url, agentTokens: [{ env: 'CANARY_TOKEN' }] }],
    sinks: [{ kind: 'cloudwatch' }],
  });
  using deadline = createDeadline(60_000, Date.now);
  const [configured] = pipeline.built.pipeline.sinks;

  const delivery = await configured?.sink.write(batchOf({ run: 1, queues: 2 }), { deadline });

  expect(delivery).toMatchObject({ accepted: 0, requests: 0, bytes: 0, problems: [{ kind: 'auth' }] });
});
