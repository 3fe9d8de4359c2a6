/** Tests of the bundled function that takes webhooks, under AWS's own runtime client. */
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import type { WebhookSchemeName } from '../../lambda/events/webhook-schemes.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { callsOf, secretCalls } from '../infra/recorded-calls.ts';
import { startAwsPath } from '../servers/aws-path.ts';
import { type RunningLambda, startLambda, withRuntimeClient } from '../servers/lambda-runtime.ts';
import { type AwsServer, startMoto, withMoto } from '../servers/moto.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';
import type { LoopbackServer } from '../support/network/loopback-server.ts';
import { type SecretsManagerFake, startSecretsManagerFake } from '../support/aws/secrets-manager-fake.ts';

/** A delivery as a Lambda function URL hands it over (Lambda developer guide, payload format 2.0). */
function delivery(body: string, secret: string): object {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    version: '2.0',
    rawPath: '/',
    headers: { 'x-event-key': 'pipeline:completed', 'x-hub-signature': `sha256=${signature}` },
    requestContext: { http: { method: 'POST', path: '/' } },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

/** The webhook's own bundle, with its queue in moto's SQS. */
withMoto('the webhook under the Lambda runtime, with moto', () => {
  withRuntimeClient('and the runtime interface client', () => {
    let folder: string;
    let moto: AwsServer;
    let path: LoopbackServer;
    let secrets: SecretsManagerFake;
    let client: SQSClient;
    let queueUrl: string;
    let asset: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ci-metrics-webhook-'));
      moto = await startMoto();
      [path, secrets] = await Promise.all([startAwsPath(moto.url), startSecretsManagerFake()]);
      client = new SQSClient(moto.clientConfig);
      const config = CollectorConfig.parse({
        sources: [{ kind: 'buildkite', agentTokens: [{ secret: 'ci-metrics/buildkite' }] }],
        sinks: [{ kind: 'cloudwatch' }],
      });
      asset = bundleFunction({ directory: folder, config, entry: 'lambda/webhook.ts' }).directory;
    }, 300_000);

    beforeEach(async () => {
      await fetch(`${moto.url}/moto-api/reset`, { method: 'POST' });
      const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'events' }));
      queueUrl = QueueUrl;
      secrets.stored.set('ci-metrics/webhook', { text: canaries.token });
      secrets.calls.length = 0;
    });

    afterAll(async () => {
      client.destroy();
      await Promise.all([moto.close(), path.close(), secrets[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true, force: true });
    });

    function start(scheme: WebhookSchemeName = 'hub-signature'): Promise<RunningLambda> {
      return startLambda({
        asset,
        environment: {
          WEBHOOK_SCHEME: scheme,
          WEBHOOK_QUEUE_URL: queueUrl,
          WEBHOOK_SECRET: JSON.stringify({ secret: 'ci-metrics/webhook' }),
          AWS_ENDPOINT_URL_SQS: path.url,
          AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.clientConfig.endpoint,
        },
      });
    }

    async function messages(): Promise<readonly string[]> {
      const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await client.send(command);
      return Messages.map(({ Body = '' }) => Body);
    }

    it('puts what is signed into the queue as it came, and nothing else', async () => {
      await using lambda = await start();
      const body = '{"repository":{"full_name":"acme/shop"},"text":"Grüße \\"ok\\""}';

      const taken = await lambda.invoke(delivery(body, canaries.token));
      const forged = await lambda.invoke(delivery(body, 'guessed'));

      expect(taken).toEqual({ kind: 'response', body: { statusCode: 202 } });
      expect(forged).toEqual({ kind: 'response', body: { statusCode: 401 } });
      expect((await messages()).map((text): unknown => JSON.parse(text))).toEqual([
        { event: 'pipeline:completed', body },
      ]);
      expectNoCanary([taken, forged, lambda.stdout(), lambda.stderr()]);
    });

    it('takes what Buildkite has signed now, and says in its log that another one is too old', async () => {
      await using lambda = await start('buildkite-signature');
      const body = '{"event":"job.finished"}';
      const deliveryAt = (ms: number): object => {
        const timestamp = String(Math.floor(ms / 1000));
        const signature = createHmac('sha256', canaries.token).update(`${timestamp}.${body}`).digest('hex');
        const headers = {
          'x-buildkite-event': 'job.finished',
          'x-buildkite-signature': `timestamp=${timestamp},signature=${signature}`,
        };
        return { ...delivery(body, canaries.token), headers };
      };

      const taken = await lambda.invoke(deliveryAt(Date.now()));
      const late = await lambda.invoke(deliveryAt(Date.now() - 3_600_000));

      expect([taken, late]).toMatchObject([{ body: { statusCode: 202 } }, { body: { statusCode: 401 } }]);
      expect((await messages()).map((text): unknown => JSON.parse(text))).toEqual([{ event: 'job.finished', body }]);
      expect([...lambda.stdout(), lambda.stderr()].join('\n')).toContain('more than five minutes');
      // It was signed with the secret as it is, which need not be read again.
      expect(secrets.calls).toHaveLength(1);
    });

    it('takes a signature by a secret that was rotated while it was warm', async () => {
      await using lambda = await start();
      await lambda.invoke(delivery('{"number":1}', canaries.token));
      secrets.stored.set('ci-metrics/webhook', { text: 'rotated' });

      const end = await lambda.invoke(delivery('{"number":2}', 'rotated'));

      expect(end).toEqual({ kind: 'response', body: { statusCode: 202 } });
      expect(await messages()).toHaveLength(2);
    });

    it('takes a body that is handed over as text, without base64', async () => {
      await using lambda = await start();
      const body = '{"text":"Grüße"}';
      const asText = { ...delivery(body, canaries.token), body, isBase64Encoded: false };

      const end = await lambda.invoke(asText);

      expect(end).toEqual({ kind: 'response', body: { statusCode: 202 } });
      expect((await messages()).map((text): unknown => JSON.parse(text))).toEqual([
        { event: 'pipeline:completed', body },
      ]);
    });

    it('reads the secret anew once for a row of forged signatures, not for each', async () => {
      await using lambda = await start();

      for (let forged = 0; forged < 5; forged += 1) {
        expect(await lambda.invoke(delivery('{}', `guess ${String(forged)}`))).toMatchObject({
          body: { statusCode: 401 },
        });
      }

      // The first reading, and the one that looks for a rotation.
      expect(secrets.calls).toHaveLength(2);
    });

    it('fails where the queue is gone, so that the sender tries again', async () => {
      await using lambda = await start();
      await fetch(`${moto.url}/moto-api/reset`, { method: 'POST' });

      const end = await lambda.invoke(delivery('{}', canaries.token));

      expect(end.kind).toBe('error');
      expectNoCanary([end, lambda.stdout(), lambda.stderr()]);
    });

    it('asks AWS for no more than its role allows', async () => {
      const before = path.requests.length;
      await using lambda = await start();

      await lambda.invoke(delivery('{}', canaries.token));

      const calls = [
        ...path.requests.slice(before).flatMap((request) => callsOf(request)),
        ...secrets.calls.flatMap(({ operation, ids }) => secretCalls(operation, ids)),
      ];
      // Which of them the role allows, and that it allows no other: `test/infra/function/event-feeds.test.ts`.
      expect(calls.map(({ action }) => action).sort()).toEqual(['secretsmanager:GetSecretValue', 'sqs:SendMessage']);
    });
  });
});
