/** Tests of the state store in DynamoDB, over moto and over a network that fails. */
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  paginateScan,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPartItem, buildPartKey, splitBody } from '../../../lambda/counters/stores/dynamodb/items.ts';
import { createDynamoDbStateStore, stateKeptMs } from '../../../lambda/counters/stores/dynamodb/store.ts';
import { type StateStore, StateStoreError } from '../../../lambda/counters/stores/store.ts';
import { type AwsServer, startMoto, withMoto } from '../../servers/moto.ts';
import { type DynamoDbCall, type DynamoDbPath, type Fate, startDynamoDbPath } from '../../support/aws/dynamodb-path.ts';
import { deadlineContract, noise, signal, storeContract } from './contract.ts';

const table = 'ci-metrics-state';
const startMs = Date.UTC(2026, 0, 1);
const kilobyte = 1024;

withMoto('a DynamoDB store', () => {
  let server: AwsServer;
  let path: DynamoDbPath;
  let client: DynamoDBClient;
  let nowMs = startMs;

  beforeAll(async () => {
    server = await startMoto();
    path = await startDynamoDbPath(server.url);
    client = new DynamoDBClient(server.clientConfig);
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'part', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'id', KeyType: 'HASH' },
          { AttributeName: 'part', KeyType: 'RANGE' },
        ],
      }),
    );
  });

  afterEach(() => {
    path.fate = () => 'arrives';
    path.calls.length = 0;
    nowMs = startMs;
  });

  afterAll(async () => {
    client.destroy();
    await path[Symbol.asyncDispose]();
    await server.close();
  });

  function open({ name = table, maxAttempts = 3 } = {}): StateStore {
    return createDynamoDbStateStore({
      table: name,
      clock: () => nowMs,
      client: { ...server.clientConfig, endpoint: path.url, maxAttempts, retryMode: 'standard' },
    });
  }

  /** What stands in the table for a document. */
  async function itemsOf(id: string): Promise<readonly Record<string, AttributeValue>[]> {
    const found: Record<string, AttributeValue>[] = [];
    for await (const { Items = [] } of paginateScan({ client }, { TableName: table })) found.push(...Items);
    return found.filter((item) => item['id']?.S === id || item['id']?.S?.startsWith(`${id}#`) === true);
  }

  /** Once: the next call that fits. */
  function failNext(fate: Fate, fits: (call: DynamoDbCall) => boolean = () => true): void {
    let isDone = false;
    path.fate = (call) => {
      if (isDone || !fits(call)) return 'arrives';
      isDone = true;
      return fate;
    };
  }

  storeContract(() => open(), { runs: 15 });
  deadlineContract(() => open());

  describe('with a document that fits into one item', () => {
    it('needs one read and one write', async () => {
      const store = open();
      await store.load('small', signal);
      await store.save('small', { body: noise(200 * kilobyte), before: 0 }, signal);

      expect(path.calls.map(({ operation }) => operation)).toEqual(['GetItem', 'PutItem']);
      expect(path.calls[0]?.isConsistent).toBe(true);
      expect(path.calls[1]?.isConditional).toBe(true);
    });
  });

  describe('with a document of several items', () => {
    const large = noise(1100 * kilobyte);

    it('writes the parts, then the head, then removes the parts of before', async () => {
      const store = open();
      await store.save('large', { body: large, before: 0 }, signal);
      path.calls.length = 0;

      await store.save('large', { body: `${large}!`, before: 1 }, signal);

      const operations = path.calls.map(({ operation, part }) => `${operation} ${part === 'head' ? 'head' : 'part'}`);
      expect(operations).toEqual([
        'PutItem part',
        'PutItem part',
        'PutItem part',
        'PutItem head',
        'DeleteItem part',
        'DeleteItem part',
        'DeleteItem part',
      ]);
      expect(await itemsOf('large')).toHaveLength(4);
    });

    it('leaves no part behind when it becomes small again, and when it is overtaken', async () => {
      const [one, other] = [open(), open()];
      await one.save('shrinks', { body: large, before: 0 }, signal);

      expect(await other.save('shrinks', { body: large, before: 0 }, signal)).toBe('overtaken');
      expect(await itemsOf('shrinks')).toHaveLength(4);
      await one.save('shrinks', { body: 'small', before: 1 }, signal);
      expect(await itemsOf('shrinks')).toHaveLength(1);
    });

    it.each([0, 1, 2, 3])('keeps the old document when it is cut off after %i items', async (written) => {
      const id = `cut-${String(written)}`;
      await open().save(id, { body: 'old', before: 0 }, signal);
      let writes = 0;
      path.fate = ({ operation }) => (operation === 'PutItem' && ++writes > written ? 'is-lost' : 'arrives');

      await expect(open({ maxAttempts: 1 }).save(id, { body: large, before: 1 }, signal)).rejects.toMatchObject({
        kind: 'unavailable',
      });

      path.fate = () => 'arrives';
      expect(await open().load(id, signal)).toEqual({ version: 1, body: 'old' });
      expect(await open().save(id, { body: large, before: 1 }, signal)).toBe('saved');
      expect((await open().load(id, signal))?.body === large).toBe(true);
    });

    it('reads again when a save removes the parts under its hands', async () => {
      const [reader, writer] = [open(), open()];
      await writer.save('moving', { body: large, before: 0 }, signal);
      let isSaved = false;
      path.fate = async ({ operation, part }): Promise<Fate> => {
        if (!isSaved && operation === 'GetItem' && part !== 'head') {
          isSaved = true;
          await writer.save('moving', { body: `${large}2`, before: 1 }, signal);
        }
        return 'arrives';
      };

      const loaded = await reader.load('moving', signal);

      expect(loaded?.version).toBe(2);
      expect(loaded?.body === `${large}2`).toBe(true);
    });

    it('says that the state is damaged when parts are gone for good', async () => {
      await open().save('torn', { body: large, before: 0 }, signal);
      const part = (await itemsOf('torn')).find((item) => item['id']?.S === 'torn#1');
      await client.send(
        new DeleteItemCommand({ TableName: table, Key: { id: { S: 'torn#1' }, part: part?.['part'] ?? { S: '' } } }),
      );

      const loading = open().load('torn', signal);

      await expect(loading).rejects.toMatchObject({
        kind: 'bad-response',
        message:
          'the state table ci-metrics-state (us-east-1) holds a damaged state of "torn"; restore the table to a ' +
          'point in time, or delete the item with id "torn" to begin to count anew',
      });
    });

    it('ignores that old parts cannot be removed', async () => {
      const store = open({ maxAttempts: 1 });
      await store.save('sticky', { body: large, before: 0 }, signal);
      path.fate = ({ operation }) =>
        operation === 'DeleteItem' ? { status: 400, type: 'AccessDeniedException' } : 'arrives';

      expect(await store.save('sticky', { body: 'small', before: 1 }, signal)).toBe('saved');
      expect(await open().load('sticky', signal)).toEqual({ version: 2, body: 'small' });
    });

    it('refuses what no state can be, before it writes any of it', async () => {
      const store = open();

      const saving = store.save('huge', { body: noise(31 * kilobyte * kilobyte), before: 0 }, signal);

      await expect(saving).rejects.toMatchObject({
        kind: 'configuration',
        message: expect.stringMatching(/does not take "huge": \d+ bytes compressed, above 22 MiB/) as string,
      });
      expect(path.calls).toEqual([]);
    });
  });

  describe('whose answer is lost', () => {
    it('knows its own write again when the SDK sends it a second time', async () => {
      failNext('loses-answer', ({ operation }) => operation === 'PutItem');

      expect(await open().save('answer', { body: 'x', before: 0 }, signal)).toBe('saved');
      expect(path.calls.map(({ operation }) => operation)).toEqual(['PutItem', 'PutItem']);
      expect(await open().load('answer', signal)).toEqual({ version: 1, body: 'x' });
    });

    it('does so too where the service does not tell what stood in the way', async () => {
      let writes = 0;
      path.fate = ({ operation }) => {
        if (operation !== 'PutItem') return 'arrives';
        writes += 1;
        return writes === 1 ? 'loses-answer' : { status: 400, type: 'ConditionalCheckFailedException' };
      };

      expect(await open().save('silent', { body: 'x', before: 0 }, signal)).toBe('saved');
    });

    it('fails, and the next load tells that it was saved', async () => {
      failNext('loses-answer', ({ operation }) => operation === 'PutItem');

      const saving = open({ maxAttempts: 1 }).save('unknown', { body: 'x', before: 0 }, signal);

      await expect(saving).rejects.toMatchObject({ kind: 'unavailable' });
      expect(await open().load('unknown', signal)).toEqual({ version: 1, body: 'x' });
    });
  });

  describe('whose document nobody saved for long', () => {
    it('begins anew, though the table still has it', async () => {
      await open().save('old', { body: 'x', before: 0 }, signal);
      await open().save('old', { body: 'y', before: 1 }, signal);

      nowMs = startMs + stateKeptMs - 1000;
      expect(await open().load('old', signal)).toEqual({ version: 2, body: 'y' });
      nowMs = startMs + stateKeptMs;
      expect(await open().load('old', signal)).toBeUndefined();

      expect(await open().save('old', { body: 'new', before: 0 }, signal)).toBe('saved');
      expect(await open().save('old', { body: 'late', before: 0 }, signal)).toBe('overtaken');
      expect(await open().load('old', signal)).toEqual({ version: 1, body: 'new' });
    });

    it('tells the table when, by the attribute of its time to live', async () => {
      await open().save('expiring', { body: noise(600 * kilobyte), before: 0 }, signal);

      const own = await itemsOf('expiring');
      expect(own).toHaveLength(3);
      for (const item of own) expect(item['expires']?.N).toBe(String((startMs + stateKeptMs) / 1000));
    });
  });

  it('refuses what a newer version wrote, and damaged bytes', async () => {
    const head = { id: { S: 'newer' }, part: { S: 'head' }, layout: { N: '2' } };
    await client.send(new PutItemCommand({ TableName: table, Item: head }));
    await open().save('bytes', { body: 'x', before: 0 }, signal);
    const [stored] = await itemsOf('bytes');
    await client.send(
      new PutItemCommand({ TableName: table, Item: { ...stored, body: { B: new Uint8Array([1, 2]) } } }),
    );

    await expect(open().load('newer', signal)).rejects.toMatchObject({ kind: 'configuration' });
    await expect(open().load('bytes', signal)).rejects.toMatchObject({ kind: 'bad-response' });
  });

  describe('whose body was changed by hand', () => {
    async function replaceBody(id: string, body: string, more: Readonly<Record<string, AttributeValue>> = {}) {
      const [stored] = await itemsOf(id);
      const item = { ...stored, body: { B: gzipSync(body) }, ...more };
      await client.send(new PutItemCommand({ TableName: table, Item: item }));
    }

    it.each([
      ['its body', '{"a":9}', {}],
      ['its version', '{"a":1}', { version: { N: '2' } }],
      ['its checksum', '{"a":1}', { seal: { S: 'x' } }],
    ])('refuses it for %s, and counts on from nothing of it', async (name, body, more) => {
      const id = `changed ${name}`;
      await open().save(id, { body: '{"a":1}', before: 0 }, signal);
      await replaceBody(id, body, more);

      await expect(open().load(id, signal)).rejects.toMatchObject({
        kind: 'bad-response',
        message:
          `the state table ci-metrics-state (us-east-1) holds a state of "${id}" that does not fit its checksum: ` +
          'somebody has changed it by hand; restore the table to a point in time, or delete the item with id ' +
          `"${id}" to begin to count anew`,
      });
    });

    it('refuses the body of another document', async () => {
      await open().save('one', { body: '{"a":1}', before: 0 }, signal);
      await open().save('other', { body: '{"a":2}', before: 0 }, signal);
      const [other] = await itemsOf('other');
      await client.send(new PutItemCommand({ TableName: table, Item: { ...other, id: { S: 'one' } } }));

      await expect(open().load('one', signal)).rejects.toThrow('does not fit its checksum');
    });

    it('reads what an earlier version wrote without a checksum, and then writes one', async () => {
      await open().save('earlier', { body: '{"a":1}', before: 0 }, signal);
      const [{ seal, ...stored } = {}] = await itemsOf('earlier');
      expect(seal).toBeDefined();
      await client.send(new PutItemCommand({ TableName: table, Item: stored }));

      expect(await open().load('earlier', signal)).toEqual({ version: 1, body: '{"a":1}' });
      expect(await open().save('earlier', { body: '{"a":2}', before: 1 }, signal)).toBe('saved');

      await replaceBody('earlier', '{"a":3}');
      await expect(open().load('earlier', signal)).rejects.toThrow('does not fit its checksum');
    });

    it('names the limit for a body that fills the memory, and reads no more of it', async () => {
      await open().save('bomb', { body: 'x', before: 0 }, signal);
      const [{ body: small, ...stored } = {}] = await itemsOf('bomb');
      expect(small).toBeDefined();
      const body = { B: gzipSync(Buffer.alloc(257 * kilobyte * kilobyte), { level: 1 }) };
      const pieces = splitBody(body.B);
      await Promise.all(
        pieces.map((piece, index) =>
          client.send(
            new PutItemCommand({
              TableName: table,
              Item: buildPartItem(buildPartKey('bomb', 'w', index), piece, nowMs + 1e6),
            }),
          ),
        ),
      );
      const head = { ...stored, write: { S: 'w' }, parts: { N: String(pieces.length) } };
      await client.send(new PutItemCommand({ TableName: table, Item: head }));

      await expect(open().load('bomb', signal)).rejects.toMatchObject({
        kind: 'bad-response',
        message: expect.stringContaining('holds more than 256 MiB for "bomb", and no state has so much') as string,
      });
    });

    it('refuses to save what it would not read', async () => {
      const body = 'x'.repeat(256 * kilobyte * kilobyte + 1);

      await expect(open().save('large body', { body, before: 0 }, signal)).rejects.toMatchObject({
        kind: 'configuration',
        message: expect.stringContaining('does not take "large body": above 256 MiB; narrow ') as string,
      });
      expect(path.calls).toEqual([]);
    });
  });

  describe('that cannot be used', () => {
    it.each<[string, Fate, StateStoreError['kind'], RegExp]>([
      [
        'no rights',
        { status: 400, type: 'AccessDeniedException' },
        'auth',
        /may not be used by this role .*allow dynamodb:GetItem, dynamodb:PutItem and dynamodb:DeleteItem/,
      ],
      ['old credentials', { status: 400, type: 'ExpiredTokenException' }, 'auth', /log in/],
      ['wrong credentials', { status: 400, type: 'UnrecognizedClientException' }, 'auth', /log in/],
      ['throttling', { status: 400, type: 'ThrottlingException' }, 'rate-limited', /more than it serves/],
      [
        'too many writes',
        { status: 400, type: 'ProvisionedThroughputExceededException' },
        'rate-limited',
        /more than it serves/,
      ],
      ['another key', { status: 400, type: 'ValidationException' }, 'configuration', /its key must be id and part/],
      ['an error of the server', { status: 500, type: 'InternalServerError' }, 'unavailable', /HTTP 500/],
      ['a proxy', { status: 503, type: 'Nothing' }, 'unavailable', /HTTP 503/],
      ['a broken connection', 'is-lost', 'unavailable', /nothing to do unless it lasts/],
    ])('tells of %s with a remedy', async (_name, fate, kind, message) => {
      path.fate = () => fate;
      const store = open({ maxAttempts: 1 });

      for (const using of [store.load('x', signal), store.save('x', { body: 'x', before: 0 }, signal)]) {
        await expect(using).rejects.toBeInstanceOf(StateStoreError);
        await expect(using).rejects.toMatchObject({ kind, message: expect.stringMatching(message) as string });
        await expect(using).rejects.toThrow('the state table ci-metrics-state (us-east-1) ');
      }
    });

    it('tells that a table does not exist', async () => {
      await expect(open({ name: 'missing' }).load('x', signal)).rejects.toMatchObject({
        kind: 'configuration',
        message:
          'the state table missing (us-east-1) does not exist in this account and Region; deploy the stack again, ' +
          'or check the name',
      });
    });

    it('is sent again when it was throttled', async () => {
      failNext({ status: 400, type: 'ThrottlingException' });

      expect(await open().load('never', signal)).toBeUndefined();
      expect(path.calls).toHaveLength(2);
    });

    it('is given up at the deadline', async () => {
      path.fate = () => 'hangs';
      const late = AbortSignal.timeout(100);

      await expect(open().load('x', late)).rejects.toMatchObject({
        kind: 'timeout',
        message: expect.stringContaining('did not answer in time') as string,
      });
    });

    it('tells that it has no Region or no credentials', async () => {
      const noRegion = createDynamoDbStateStore({ table, clock: () => nowMs, client: { region: '' } });
      const noCredentials = createDynamoDbStateStore({
        table,
        clock: () => nowMs,
        client: {
          region: 'eu-west-1',
          credentials: () => Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' })),
        },
      });

      await expect(noRegion.load('x', signal)).rejects.toMatchObject({ kind: 'configuration' });
      await expect(noCredentials.load('x', signal)).rejects.toMatchObject({ kind: 'auth' });
    });
  });
});
