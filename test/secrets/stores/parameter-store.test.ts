/** Tests of reading secrets from the Parameter Store of AWS Systems Manager. */
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { createParameterStore } from '../../../lambda/secrets/stores/parameter-store.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';

const { signal } = new AbortController();

const Request = z.strictObject({ Names: z.array(z.string()).min(1), WithDecryption: z.literal(true) });

interface Setup {
  readonly calls: (readonly string[])[];
  readonly store: ReturnType<typeof createParameterStore>;
}

/** SSM's GetParameters with what moto does not do: its limit of ten names, refusals, and throttling. */
async function setup(fail: (names: readonly string[]) => string | undefined = () => undefined): Promise<Setup> {
  const calls: (readonly string[])[] = [];
  const server = await startLoopbackServer((_, response, { headers, body }) => {
    const { Names: names } = Request.parse(JSON.parse(body.toString()));
    calls.push(names);
    const error =
      headers['x-amz-target'] !== 'AmazonSSM.GetParameters' || names.length > 10 ? 'ValidationException' : fail(names);
    const parameters = names.map((Name) => ({ Name, Value: `value of ${Name}`, Type: 'SecureString' }));
    response.writeHead(error === undefined ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(
      JSON.stringify(error === undefined ? { Parameters: parameters, InvalidParameters: [] } : { __type: error }),
    );
  });
  onTestFinished(() => server.close());
  const store = createParameterStore({
    endpoint: server.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return { calls, store };
}

describe('Parameter Store', () => {
  const names = Array.from({ length: 25 }, (_, index) => `/ci/${String(index)}`);

  it('is asked for at most ten parameters at once', async () => {
    const { calls, store } = await setup();

    const outcomes = await store.read(names, signal);

    expect(calls.map((call) => call.length).sort((a, b) => b - a)).toEqual([10, 10, 5]);
    expect([...outcomes]).toEqual(names.map((name) => [name, { text: `value of ${name}` }]));
  });

  it('gives the others when one of them may not be read', async () => {
    const { store } = await setup((asked) => (asked.includes('/ci/1') ? 'AccessDeniedException' : undefined));

    const outcomes = await store.read(['/ci/0', '/ci/1', '/ci/2'], signal);

    expect(outcomes.get('/ci/0')).toEqual({ text: 'value of /ci/0' });
    expect(outcomes.get('/ci/1')).toMatchObject({ problem: { reason: 'denied' } });
    expect(outcomes.get('/ci/2')).toEqual({ text: 'value of /ci/2' });
  });

  it('is not asked one by one when it is overloaded', async () => {
    const { calls, store } = await setup(() => 'ThrottlingException');

    const outcomes = await store.read(['/ci/0', '/ci/1'], signal);

    expect([...outcomes.values()]).toMatchObject([
      { problem: { reason: 'unavailable' } },
      { problem: { reason: 'unavailable' } },
    ]);
    expect(calls).toHaveLength(1);
  });
});
