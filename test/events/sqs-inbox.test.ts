/** Tests of taking events from an SQS queue and removing them afterwards. */
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSqsInbox } from '../../lambda/events/sqs-inbox.ts';
import { errorOf } from '../http/test-port.ts';
import { startAwsPath } from '../servers/aws-path.ts';
import { type AwsServer, startMoto, withMoto } from '../servers/moto.ts';
import type { LoopbackServer } from '../support/network/loopback-server.ts';

withMoto('the inbox in SQS', () => {
  let server: AwsServer;
  let path: LoopbackServer;
  let client: SQSClient;
  const { signal } = new AbortController();

  beforeAll(async () => {
    server = await startMoto();
    path = await startAwsPath(server.url);
    client = new SQSClient({ ...server.clientConfig, endpoint: path.url, maxAttempts: 1 });
  });
  afterAll(async () => {
    client.destroy();
    await path.close();
    await server.close();
  });

  async function queueOf(name: string, bodies: readonly string[]): Promise<string> {
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name }));
    for (let start = 0; start < bodies.length; start += 10) {
      const Entries = bodies.slice(start, start + 10).map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
    return QueueUrl;
  }

  async function countsOf(QueueUrl: string): Promise<{ visible: number; hidden: number }> {
    const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    };
  }

  const inboxOf = (queueUrl: string): ReturnType<typeof createSqsInbox> =>
    createSqsInbox({ client: () => Promise.resolve(client), queueUrl });

  it('gives everything that has arrived, and hides it until it is removed', async () => {
    const bodies = Array.from({ length: 57 }, (_, index) => `{"event":${String(index)}}`);
    const url = await queueOf('some', bodies);

    const taken = await inboxOf(url).take(signal);

    // SQS may give a message twice, and so may moto when it is asked for several at once.
    expect(new Set(taken.events.map(({ body }) => body))).toEqual(new Set(bodies));
    expect(taken.events.every(({ sentMs }) => sentMs > 1_500_000_000_000)).toBe(true);
    expect(taken.hasMore).toBe(false);
    expect(await countsOf(url)).toEqual({ visible: 0, hidden: 57 });
    await taken.remove(signal);
    expect(await countsOf(url)).toEqual({ visible: 0, hidden: 0 });
  });

  it('is empty without events, and has nothing to remove', async () => {
    const taken = await inboxOf(await queueOf('none', [])).take(signal);

    expect(taken.events).toEqual([]);
    await taken.remove(signal);
  });

  it('leaves what is too much for one run to the next', async () => {
    const all = Array.from({ length: 200 }, (_, index) => String(index));
    const queueUrl = await queueOf('flood', all);

    const taken = await createSqsInbox({ client: () => Promise.resolve(client), queueUrl, mostEvents: 50 }).take(
      signal,
    );

    expect(taken.hasMore).toBe(true);
    expect(taken.events.length).toBeGreaterThanOrEqual(50);
    const { visible } = await countsOf(queueUrl);
    expect(visible).toBeGreaterThan(0);
    const different = new Set(taken.events.map(({ body }) => body));
    expect(different.size + visible).toBe(all.length);
  });

  it('names the queue and the remedy when it is not there', async () => {
    const url = await queueOf('here', []);

    const error = await errorOf(inboxOf(url.replace('/here', '/gone')).take(signal));

    expect(error).toMatchObject({ name: 'InboxError', kind: 'configuration' });
    expect(String(error)).toMatch(/event queue gone: there is no such queue .*; deploy the stack again/);
  });

  it('tells a server that cannot be reached from one that refuses', async () => {
    const far = new SQSClient({ ...server.clientConfig, endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });

    const error = await errorOf(
      createSqsInbox({ client: () => Promise.resolve(far), queueUrl: 'http://127.0.0.1:1/1/far' }).take(signal),
    );

    far.destroy();
    expect(error).toMatchObject({ name: 'InboxError', kind: 'unavailable' });
  });

  it('stops at the deadline', async () => {
    const url = await queueOf('late', ['{}']);

    const passed = new DOMException('the deadline has passed', 'TimeoutError');
    const late = await errorOf(inboxOf(url).take(AbortSignal.abort(passed)));
    const interrupted = await errorOf(inboxOf(url).take(AbortSignal.abort()));

    const expected = { name: 'InboxError', kind: 'timeout' };
    expect(late).toMatchObject({ ...expected, message: 'event queue late: not read before the deadline of the run' });
    expect(interrupted).toMatchObject({
      ...expected,
      message: 'event queue late: not read before the run was interrupted',
    });
  });
});
