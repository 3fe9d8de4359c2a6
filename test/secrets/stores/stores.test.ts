/** Tests of each secret store: AWS services as moto has them, environment variables, and files. */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEnvironmentStore } from '../../../lambda/secrets/stores/environment.ts';
import { createFileStore } from '../../../lambda/secrets/stores/file.ts';
import { createParameterStore } from '../../../lambda/secrets/stores/parameter-store.ts';
import type { ReadOutcome } from '../../../lambda/secrets/stores/secret-store.ts';
import { createSecretsManagerStore } from '../../../lambda/secrets/stores/secrets-manager.ts';
import { startMoto, withMoto, type AwsServer } from '../../servers/moto.ts';

const { signal } = new AbortController();

function reasonOf(outcome: ReadOutcome | undefined): string | undefined {
  return outcome !== undefined && 'problem' in outcome ? outcome.problem.reason : undefined;
}

withMoto('Secrets Manager as moto has it', () => {
  let server: AwsServer;
  let client: SecretsManagerClient;

  beforeAll(async () => {
    server = await startMoto();
    client = new SecretsManagerClient(server.clientConfig);
  });
  afterAll(() => server.close());

  it('gives a text by name, by whole ARN and by ARN without its random end', async () => {
    const { ARN: arn = '' } = await client.send(new CreateSecretCommand({ Name: 'ci/names', SecretString: 'value' }));
    const ids = ['ci/names', arn, arn.replace(/-[A-Za-z0-9]{6}$/, '')];

    const outcomes = await createSecretsManagerStore(server.clientConfig).read(ids, signal);

    expect([...outcomes]).toEqual(ids.map((id) => [id, { text: 'value' }]));
  });

  it('takes the base64 off bytes once', async () => {
    await client.send(new CreateSecretCommand({ Name: 'ci/bytes', SecretBinary: Buffer.from('dG9rZW4= is the text') }));

    const outcomes = await createSecretsManagerStore(server.clientConfig).read(['ci/bytes'], signal);

    expect(outcomes.get('ci/bytes')).toEqual({ text: 'dG9rZW4= is the text' });
  });

  it('gives the others when one of 25 does not exist', async () => {
    const names = Array.from({ length: 24 }, (_, index) => `ci/many-${String(index)}`);
    await Promise.all(
      names.map((Name) => client.send(new CreateSecretCommand({ Name, SecretString: `value of ${Name}` }))),
    );

    const outcomes = await createSecretsManagerStore(server.clientConfig).read([...names, 'ci/missing'], signal);

    expect(names.map((name) => outcomes.get(name))).toEqual(names.map((name) => ({ text: `value of ${name}` })));
    expect(reasonOf(outcomes.get('ci/missing'))).toBe('not-found');
  });

  it('gives the new value after a rotation', async () => {
    await client.send(new CreateSecretCommand({ Name: 'ci/rotated', SecretString: 'old' }));
    const store = createSecretsManagerStore(server.clientConfig);
    const before = await store.read(['ci/rotated'], signal);
    await client.send(new PutSecretValueCommand({ SecretId: 'ci/rotated', SecretString: 'new' }));

    const after = await store.read(['ci/rotated'], signal);

    expect([before.get('ci/rotated'), after.get('ci/rotated')]).toEqual([{ text: 'old' }, { text: 'new' }]);
  });

  it('tells a secret without a value and a deleted one apart from a missing one', async () => {
    await client.send(new CreateSecretCommand({ Name: 'ci/empty' }));
    await client.send(new CreateSecretCommand({ Name: 'ci/deleted', SecretString: 'x' }));
    await client.send(new DeleteSecretCommand({ SecretId: 'ci/deleted' }));
    const store = createSecretsManagerStore(server.clientConfig);

    const outcomes = await store.read(['ci/empty', 'ci/deleted', 'ci/missing'], signal);

    expect([...outcomes.values()].map(reasonOf)).toEqual(['no-value', 'deleted', 'not-found']);
  });

  it('asks the Region of an ARN', async () => {
    const elsewhere = new SecretsManagerClient({ ...server.clientConfig, region: 'eu-west-1' });
    const { ARN: arn = '' } = await elsewhere.send(new CreateSecretCommand({ Name: 'ci/far', SecretString: 'far' }));

    const outcomes = await createSecretsManagerStore(server.clientConfig).read([arn], signal);

    expect(arn).toContain(':eu-west-1:');
    expect(outcomes.get(arn)).toEqual({ text: 'far' });
  });

  it('gives up at the deadline', async () => {
    const outcomes = await createSecretsManagerStore(server.clientConfig).read(['ci/names'], AbortSignal.abort());

    expect(reasonOf(outcomes.get('ci/names'))).toBe('aborted');
  });
});

withMoto('Parameter Store as moto has it', () => {
  let server: AwsServer;
  let client: SSMClient;

  beforeAll(async () => {
    server = await startMoto();
    client = new SSMClient(server.clientConfig);
  });
  afterAll(() => server.close());

  it('gives decrypted values, more than one call can take, and tells which does not exist', async () => {
    const names = Array.from({ length: 13 }, (_, index) => `/ci/token-${String(index)}`);
    await Promise.all(
      names.map((Name) =>
        client.send(new PutParameterCommand({ Name, Value: `value of ${Name}`, Type: 'SecureString' })),
      ),
    );

    const outcomes = await createParameterStore(server.clientConfig).read([...names, '/ci/missing'], signal);

    expect(names.map((name) => outcomes.get(name))).toEqual(names.map((name) => ({ text: `value of ${name}` })));
    expect(reasonOf(outcomes.get('/ci/missing'))).toBe('not-found');
  });

  it('gives up at the deadline', async () => {
    const outcomes = await createParameterStore(server.clientConfig).read(['/ci/a', '/ci/b'], AbortSignal.abort());

    expect([...outcomes.values()].map(reasonOf)).toEqual(['aborted', 'aborted']);
  });
});

describe('an endpoint that nobody listens on', () => {
  it.each([
    ['Secrets Manager', createSecretsManagerStore],
    ['Parameter Store', createParameterStore],
  ])('is an outage of %s, not a mistake of the operator', async (_, store) => {
    const config = {
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };

    const outcomes = await store(config).read(['a'], signal);

    expect(outcomes.get('a')).toMatchObject({
      problem: { reason: 'unavailable', detail: expect.stringContaining('ECONNREFUSED') as string },
    });
  });
});

describe('the environment', () => {
  it('gives variables, and tells which are not set', async () => {
    const outcomes = await createEnvironmentStore({ SET: 'value', EMPTY: '' }).read(['SET', 'EMPTY', 'UNSET'], signal);

    expect([...outcomes]).toEqual([
      ['SET', { text: 'value' }],
      ['EMPTY', { text: '' }],
      ['UNSET', { problem: { reason: 'not-found' } }],
    ]);
  });
});

describe('a file', () => {
  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'secrets-'));
    onTestFinished(() => rm(path, { recursive: true }));
    return path;
  }

  it('gives its text, and its new text once it was replaced', async () => {
    const path = join(await folder(), 'token');
    const store = createFileStore((file) => readFile(file));
    await writeFile(path, 'old\n');
    const before = await store.read([path], signal);
    await writeFile(path, 'new\n');

    const after = await store.read([path], signal);

    expect([before.get(path), after.get(path)]).toEqual([{ text: 'old\n' }, { text: 'new\n' }]);
  });

  it.each([
    ['missing', 'not-found', (path: string) => join(path, 'nothing')],
    ['a folder', 'invalid', (path: string) => path],
    ['behind a file', 'not-found', (path: string) => join(path, 'file', 'below')],
  ])('that is %s is "%s"', async (_, reason, pathIn) => {
    const path = await folder();
    await writeFile(join(path, 'file'), 'text');

    const outcomes = await createFileStore((file) => readFile(file)).read([pathIn(path)], signal);

    expect(reasonOf(outcomes.get(pathIn(path)))).toBe(reason);
  });

  it.each([
    ['too large for a secret', Buffer.alloc(1024 * 1024 + 1, 'x'), 'invalid'],
    ['not text', Buffer.of(0xff, 0x00), 'not-text'],
  ])('that is %s is refused', async (_, bytes, reason) => {
    const outcomes = await createFileStore(() => Promise.resolve(bytes)).read(['key'], signal);

    expect(reasonOf(outcomes.get('key'))).toBe(reason);
  });

  it('that this user may not read is "denied"', async () => {
    const denied = createFileStore(() => Promise.reject(Object.assign(new Error('denied'), { code: 'EACCES' })));

    const outcomes = await denied.read(['key'], signal);

    expect(outcomes.get('key')).toEqual({ problem: { reason: 'denied', detail: 'EACCES' } });
  });
});
