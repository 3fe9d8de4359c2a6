/** Tests of reading secrets: caching, rotation, errors, and that no value is ever shown. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SecretRef } from '../../lambda/secrets/secret-ref.ts';
import { createEnvironmentStore } from '../../lambda/secrets/stores/environment.ts';
import { createFileStore } from '../../lambda/secrets/stores/file.ts';
import { createParameterStore } from '../../lambda/secrets/stores/parameter-store.ts';
import { createRedactor, type Redactor } from '../../lambda/secrets/redaction/redactor.ts';
import { SecretUnavailableError } from '../../lambda/secrets/secrets.ts';
import { createSecretsManagerStore } from '../../lambda/secrets/stores/secrets-manager.ts';
import { createSecrets, type SecretCache } from '../../lambda/secrets/create-secrets.ts';
import { staleGraceMs } from '../../lambda/secrets/text-cache.ts';
import { recordingLog, type RecordingLog } from '../support/recording-log.ts';
import { startSecretsManagerFake, type SecretsManagerFake } from '../support/aws/secrets-manager-fake.ts';

const cacheMs = 5 * 60_000;
const { signal } = new AbortController();
const throttled = { status: 400, type: 'ThrottlingException', message: 'Rate exceeded' };

interface Setup {
  readonly fake: SecretsManagerFake;
  readonly cache: SecretCache;
  readonly log: RecordingLog;
  readonly redactor: Redactor;
  readonly time: { nowMs: number };
  readonly read: (ref: SecretRef) => Promise<string>;
}

async function setup(cacheForMs = cacheMs): Promise<Setup> {
  const fake = await startSecretsManagerFake();
  onTestFinished(() => fake[Symbol.asyncDispose]());
  const time = { nowMs: 1_700_000_000_000 };
  const log = recordingLog();
  const redactor = createRedactor();
  const cache = createSecrets({
    stores: {
      secret: createSecretsManagerStore(fake.clientConfig),
      parameter: createParameterStore(fake.clientConfig),
      env: createEnvironmentStore({ TOKEN: 'from-the-environment' }),
      file: createFileStore(() => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))),
    },
    clock: () => time.nowMs,
    cacheMs: cacheForMs,
    redactor,
    log,
  });
  cache.startRun();
  const read = async (ref: SecretRef): Promise<string> => (await cache.secrets.read(ref, signal)).reveal();
  return { fake, cache, log, redactor, time, read };
}

/** A signal that aborts after some real time, as a deadline's does. */
function abortedAfter(ms: number): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort();
  }, ms);
  onTestFinished(() => {
    clearTimeout(timer);
  });
  return controller.signal;
}

async function messageOf(reading: Promise<unknown>): Promise<string> {
  const error: unknown = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SecretUnavailableError)) throw new Error(`no SecretUnavailableError but ${String(error)}`);
  return error.message;
}

describe('a value', () => {
  it.each([
    ['a whole text', { secret: 'a' }, { text: 'token-1' }, 'token-1'],
    ['a member of a JSON object', { secret: 'a', key: 'token' }, { text: '{"token":"token-2"}' }, 'token-2'],
    ['bytes', { secret: 'a' }, { binary: Buffer.from('token-ü') }, 'token-ü'],
    ['a member in bytes', { secret: 'a', key: 'k' }, { binary: Buffer.from('{"k":"token-3"}') }, 'token-3'],
    ['a text with a newline at its end', { secret: 'a' }, { text: 'token-4\n' }, 'token-4'],
    ['a text with a Windows newline', { secret: 'a' }, { text: 'token-5\r\n' }, 'token-5'],
    ['a text with two newlines, one of which is its own', { secret: 'a' }, { text: 'pem\n\n' }, 'pem\n'],
    ['a member named like an inherited one', { secret: 'a', key: 'toString' }, { text: '{"toString":"t"}' }, 't'],
  ])('is read from %s', async (_, ref, stored, expected) => {
    const { fake, read } = await setup();
    fake.stored.set('a', stored);

    const value = await read(ref);

    expect(value).toBe(expected);
  });

  it('is known to the redactor before anybody has it', async () => {
    const { fake, read, redactor } = await setup();
    fake.stored.set('a', { text: 'a-token-to-hide' });

    await read({ secret: 'a' });

    expect(redactor.redactText('Bearer a-token-to-hide')).toBe('Bearer [redacted]');
  });

  it('is all of a JSON object without a key, and the log says so once', async () => {
    const { fake, read, log } = await setup();
    fake.stored.set('a', { text: '{"token":"x"}' });

    const values = [await read({ secret: 'a' }), await read({ secret: 'a' })];

    expect(values).toEqual(['{"token":"x"}', '{"token":"x"}']);
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'a secret holds a JSON object, but the reference names no key; all of it is used as the value',
        fields: { reference: 'secret a' },
      },
    ]);
  });
});

describe('a secret that cannot be read', () => {
  const notJson = '{"token": canary-in-broken-json';

  it.each<[string, SecretRef, Parameters<SecretsManagerFake['stored']['set']>[1] | undefined, string]>([
    [
      'does not exist',
      { secret: 'ci/bk', key: 'token' },
      undefined,
      'secret ci/bk (key token) does not exist in this account and Region; check the name and the Region, or create it: ' +
        `aws secretsmanager create-secret --name ci/bk --secret-string '{"token":"…"}'`,
    ],
    [
      'does not exist at its ARN',
      { secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:bk' },
      undefined,
      'secret arn:aws:secretsmanager:us-east-1:123456789012:secret:bk does not exist in this account and Region; check the ARN',
    ],
    [
      'does not exist at an ARN that may lack its end',
      { secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:bk-tokens' },
      undefined,
      'secret arn:aws:secretsmanager:us-east-1:123456789012:secret:bk-tokens does not exist in this account and Region; ' +
        'check the ARN, and give it whole, with the dash and six characters that AWS added',
    ],
    [
      'has no value yet',
      { secret: 'ci/bk' },
      {
        error: {
          status: 400,
          type: 'ResourceNotFoundException',
          message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        },
      },
      'secret ci/bk has no value yet; put it: aws secretsmanager put-secret-value --secret-id ci/bk --secret-string …',
    ],
    [
      'is denied',
      { secret: 'ci/bk' },
      { error: { status: 400, type: 'AccessDeniedException', message: 'User x is not authorized' } },
      'secret ci/bk may not be read by this role (AccessDeniedException, HTTP 400); ' +
        'allow secretsmanager:GetSecretValue on it, and kms:Decrypt when it has a KMS key of its own',
    ],
    [
      'cannot be decrypted',
      { secret: 'ci/bk' },
      { error: { status: 400, type: 'DecryptionFailure' } },
      'secret ci/bk cannot be decrypted (DecryptionFailure, HTTP 400); enable its KMS key and allow kms:Decrypt on it',
    ],
    [
      'is marked for deletion',
      { secret: 'ci/bk' },
      {
        error: {
          status: 400,
          type: 'InvalidRequestException',
          message: 'You tried to perform the operation on a secret that is currently marked deleted.',
        },
      },
      'secret ci/bk is marked for deletion; bring it back: aws secretsmanager restore-secret --secret-id ci/bk',
    ],
    [
      'is refused as a name',
      { secret: 'ci bk' },
      { error: { status: 400, type: 'ValidationException', message: 'Invalid name' } },
      'secret ci bk is refused by Secrets Manager (ValidationException, HTTP 400); check the name or ARN',
    ],
    [
      'is read with credentials that AWS does not know',
      { secret: 'ci/bk' },
      { error: { status: 400, type: 'UnrecognizedClientException' } },
      'secret ci/bk cannot be read without AWS credentials (UnrecognizedClientException, HTTP 400); log in, or set AWS_PROFILE',
    ],
    [
      'is throttled',
      { secret: 'ci/bk' },
      { error: throttled },
      'secret ci/bk got no usable answer from Secrets Manager (ThrottlingException, HTTP 400); nothing to do unless it lasts',
    ],
    [
      'answers HTML',
      { secret: 'ci/bk' },
      { error: { status: 503, type: '', body: '<html>Service Unavailable</html>' } },
      'secret ci/bk got no usable answer from Secrets Manager (SyntaxError, HTTP 503); nothing to do unless it lasts',
    ],
    [
      'is no JSON',
      { secret: 'ci/bk', key: 'token' },
      { text: notJson },
      'secret ci/bk (key token) is not a JSON object, so it has no keys; leave out the key, or put it: ' +
        `aws secretsmanager put-secret-value --secret-id ci/bk --secret-string '{"token":"…"}'`,
    ],
    [
      'is a JSON list',
      { secret: 'ci/bk', key: '0' },
      { text: '["x"]' },
      'secret ci/bk (key 0) is not a JSON object, so it has no keys; leave out the key, or put it: ' +
        `aws secretsmanager put-secret-value --secret-id ci/bk --secret-string '{"0":"…"}'`,
    ],
    [
      'lacks the key',
      { secret: 'ci/bk', key: 'token' },
      { text: '{"agentToken":"x","apiToken":"y"}' },
      'secret ci/bk (key token) lacks that key; it has agentToken, apiToken; correct the key, or put it: ' +
        `aws secretsmanager put-secret-value --secret-id ci/bk --secret-string '{"token":"…"}'`,
    ],
    [
      'has a number where the text should be',
      { secret: 'ci/bk', key: 'pin' },
      { text: '{"pin":12345678}' },
      'secret ci/bk (key pin) lacks that key; its value is a number, not a text in quotes; correct the key, or put it: ' +
        `aws secretsmanager put-secret-value --secret-id ci/bk --secret-string '{"pin":"…"}'`,
    ],
    [
      'is empty',
      { secret: 'ci/bk' },
      { text: ' \n' },
      'secret ci/bk is empty; put it: aws secretsmanager put-secret-value --secret-id ci/bk --secret-string …',
    ],
    [
      'is binary',
      { secret: 'ci/bk' },
      { binary: Uint8Array.of(0xff, 0xfe, 0x00) },
      'secret ci/bk holds bytes that are not UTF-8 text; put it: aws secretsmanager put-secret-value --secret-id ci/bk --secret-string …',
    ],
    [
      'is a variable that nobody set',
      { env: 'BUILDKITE_TOKEN' },
      undefined,
      'environment variable BUILDKITE_TOKEN is not set; set it: export BUILDKITE_TOKEN=…',
    ],
    [
      'is a file that is not there',
      { file: '/run/secrets/token' },
      undefined,
      'file /run/secrets/token does not exist; check the path, or write the value to it',
    ],
    [
      'is a file of a home folder',
      { file: '~/.kube/config' },
      undefined,
      'file ~/.kube/config does not exist; only a shell knows ~, so write the whole path',
    ],
  ])('says why when it %s', async (_, ref, stored, message) => {
    const { fake, read } = await setup();
    if (stored !== undefined && 'secret' in ref) fake.stored.set(ref.secret, stored);

    const shown = await messageOf(read(ref));

    expect(shown).toBe(message);
  });

  it('does not bring the text that is no JSON along, in any cause', async () => {
    const { fake, read } = await setup();
    fake.stored.set('a', { text: notJson });

    const error: unknown = await read({ secret: 'a', key: 'token' }).catch((reason: unknown) => reason);

    expect(error).not.toHaveProperty('cause');
  });

  it('keeps a cause that names the error and the request', async () => {
    const { fake, read } = await setup();
    fake.stored.set('a', {
      error: { status: 400, type: 'AccessDeniedException', message: 'User x is not authorized' },
    });

    const error: unknown = await read({ secret: 'a' }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      reason: 'denied',
      cause: { message: 'AccessDeniedException, HTTP 400, request request-1: User x is not authorized' },
    });
  });

  it('is asked for once a run when asking again cannot help', async () => {
    const { fake, read, cache } = await setup();

    await messageOf(read({ secret: 'missing' }));
    await messageOf(read({ secret: 'missing' }));
    const callsInFirstRun = fake.calls.length;
    cache.startRun();
    fake.stored.set('missing', { text: 'there now' });
    const value = await read({ secret: 'missing' });

    expect(callsInFirstRun).toBe(1);
    expect(value).toBe('there now');
  });
});

describe('the cache', () => {
  it('asks once for a value until it expires', async () => {
    const { fake, read, time, cache } = await setup();
    fake.stored.set('a', { text: 'first' });

    const before = await read({ secret: 'a' });
    fake.stored.set('a', { text: 'second' });
    cache.startRun();
    time.nowMs += cacheMs - 1;
    const within = await read({ secret: 'a' });
    cache.startRun();
    time.nowMs += 1;
    const after = await read({ secret: 'a' });

    expect([before, within, after]).toEqual(['first', 'first', 'second']);
    expect(fake.calls).toHaveLength(2);
  });

  it('asks again after the clock was set back by more than values are kept', async () => {
    const { fake, read, time, cache } = await setup();
    fake.stored.set('a', { text: 'first' });
    await read({ secret: 'a' });
    fake.stored.set('a', { text: 'second' });
    cache.startRun();
    time.nowMs -= 24 * 3_600_000;

    const value = await read({ secret: 'a' });

    expect(value).toBe('second');
  });

  it('asks once a run when it keeps nothing', async () => {
    const { fake, read, cache } = await setup(0);
    fake.stored.set('a', { text: 'first' });

    await read({ secret: 'a' });
    await read({ secret: 'a' });
    const inOneRun = fake.calls.length;
    cache.startRun();
    await read({ secret: 'a' });

    expect(inOneRun).toBe(1);
    expect(fake.calls).toHaveLength(2);
  });

  it('asks once for several keys of one secret and for concurrent readers', async () => {
    const { fake, read } = await setup();
    fake.stored.set('a', { text: '{"x":"1","y":"2"}' });

    const values = await Promise.all([
      read({ secret: 'a', key: 'x' }),
      read({ secret: 'a', key: 'y' }),
      read({ secret: 'a', key: 'x' }),
    ]);

    expect(values).toEqual(['1', '2', '1']);
    expect(fake.calls).toHaveLength(1);
  });

  it('serves a second reader although the first one gave up', async () => {
    const { fake, cache } = await setup();
    fake.stored.set('a', { text: 'value' });
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    fake.gate = gate;
    const impatient = new AbortController();

    const first = cache.secrets.read({ secret: 'a' }, impatient.signal);
    const second = cache.secrets.read({ secret: 'a' }, signal);
    impatient.abort();
    const message = await messageOf(first);
    open(undefined);
    const secret = await second;

    expect(message).toBe('secret a was not answered before the run had to end; nothing to do unless it happens again');
    expect(secret.reveal()).toBe('value');
  });

  it('lets a joined reader go at its own deadline', async () => {
    const { fake, cache } = await setup();
    fake.stored.set('a', { text: 'value' });
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    fake.gate = gate;
    const impatient = new AbortController();

    const first = cache.secrets.read({ secret: 'a' }, signal);
    const second = cache.secrets.read({ secret: 'a' }, impatient.signal);
    impatient.abort();

    expect(await messageOf(second)).toMatch(/not answered before the run had to end/);
    open(undefined);
    expect((await first).reveal()).toBe('value');
  });
});

describe('an outage of the store', () => {
  it('leaves the cached value in use, asks once a run and tells the log', async () => {
    const { fake, read, time, cache, log } = await setup();
    fake.stored.set('a', { text: 'old' });
    await read({ secret: 'a' });
    fake.error = throttled;
    time.nowMs += cacheMs;
    cache.startRun();

    const values = [await read({ secret: 'a' }), await read({ secret: 'a' })];

    expect(values).toEqual(['old', 'old']);
    expect(fake.calls).toHaveLength(2);
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'a secret could not be refreshed; its cached value serves on',
        fields: {
          store: 'secret',
          id: 'a',
          ageSeconds: 300,
          reason: 'unavailable',
          detail: 'ThrottlingException, HTTP 400',
        },
      },
    ]);
  });

  it('that hangs costs a run no more than its time for secrets, and leaves the cached value in use', async () => {
    const { fake, cache, read, time, log } = await setup();
    fake.stored.set('a', { text: 'old' });
    await read({ secret: 'a' });
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    fake.gate = gate;
    time.nowMs += cacheMs;
    cache.startRun();

    await cache.prefetch([{ secret: 'a' }], abortedAfter(50));
    const secret = await cache.secrets.read({ secret: 'a' }, abortedAfter(1000));
    open(undefined);

    expect(secret.reveal()).toBe('old');
    expect(log.lines).toMatchObject([
      {
        message: 'a secret could not be refreshed; its cached value serves on',
        fields: { id: 'a', reason: 'aborted', ageSeconds: 300 },
      },
    ]);
  });

  it('ends the use of a cached value after an hour of grace', async () => {
    const { fake, read, time, cache } = await setup();
    fake.stored.set('a', { text: 'old' });
    await read({ secret: 'a' });
    fake.error = throttled;
    cache.startRun();
    time.nowMs += cacheMs + staleGraceMs - 1;
    const lastMoment = await read({ secret: 'a' });
    cache.startRun();
    time.nowMs += 1;

    const message = await messageOf(read({ secret: 'a' }));

    expect(lastMoment).toBe('old');
    expect(message).toMatch(/got no usable answer/);
  });

  it('is no reason to use a value that was taken away', async () => {
    const { fake, read, time, cache } = await setup();
    fake.stored.set('a', { text: 'old' });
    await read({ secret: 'a' });
    fake.stored.set('a', { error: { status: 400, type: 'AccessDeniedException' } });
    time.nowMs += cacheMs;
    cache.startRun();

    const denied = await messageOf(read({ secret: 'a' }));
    fake.error = throttled;
    cache.startRun();
    const throttledAfterwards = await messageOf(read({ secret: 'a' }));

    expect(denied).toMatch(/may not be read/);
    expect(throttledAfterwards).toMatch(/got no usable answer/);
  });
});

describe('reading together', () => {
  const names = Array.from({ length: 45 }, (_, index) => `s${String(index)}`);
  const refs = names.map((secret) => ({ secret }));

  it('takes one call for every 20 secrets, and none afterwards', async () => {
    const { fake, cache, read } = await setup();
    for (const name of names) fake.stored.set(name, { text: `value of ${name}` });

    await cache.prefetch([...refs, ...refs], signal);
    const values = await Promise.all(refs.map(read));

    expect(fake.calls.map(({ operation, ids }) => [operation, ids.length])).toEqual([
      ['BatchGetSecretValue', 20],
      ['BatchGetSecretValue', 20],
      ['BatchGetSecretValue', 5],
    ]);
    expect(values).toEqual(names.map((name) => `value of ${name}`));
  });

  it('recognises secrets that are named by a whole or a short ARN', async () => {
    const { fake, cache, read } = await setup();
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:';
    fake.stored.set(`${arn}short`, { text: 'one' });
    fake.stored.set(`${arn}whole-GhIjKl`, { text: 'two' });

    await cache.prefetch([{ secret: `${arn}short` }, { secret: `${arn}whole-GhIjKl` }], signal);
    const values = [await read({ secret: `${arn}short` }), await read({ secret: `${arn}whole-GhIjKl` })];

    expect(values).toEqual(['one', 'two']);
    expect(fake.calls).toHaveLength(1);
  });

  it('reads one by one where the role may not read together, and does not try again', async () => {
    const { fake, cache, read, time } = await setup();
    fake.stored.set('a', { text: '1' });
    fake.stored.set('b', { text: '2' });
    fake.batchError = { status: 400, type: 'AccessDeniedException' };

    await cache.prefetch([{ secret: 'a' }, { secret: 'b' }], signal);
    time.nowMs += cacheMs;
    cache.startRun();
    await cache.prefetch([{ secret: 'a' }, { secret: 'b' }], signal);

    expect([await read({ secret: 'a' }), await read({ secret: 'b' })]).toEqual(['1', '2']);
    expect(fake.calls.map(({ operation }) => operation)).toEqual([
      'BatchGetSecretValue',
      ...Array<string>(4).fill('GetSecretValue'),
    ]);
  });

  it('asks by itself for a secret that failed among others, for its exact reason', async () => {
    const { fake, cache, read } = await setup();
    fake.stored.set('a', { text: '1' });
    fake.stored.set('b', { error: { status: 400, type: 'DecryptionFailure' } });

    await cache.prefetch([{ secret: 'a' }, { secret: 'b' }], signal);
    const value = await read({ secret: 'a' });
    const message = await messageOf(read({ secret: 'b' }));

    expect(value).toBe('1');
    expect(message).toMatch(/cannot be decrypted/);
    expect(fake.calls).toEqual([
      { operation: 'BatchGetSecretValue', ids: ['a', 'b'] },
      { operation: 'GetSecretValue', ids: ['b'] },
    ]);
  });

  it('does not answer an overload with a call for each secret', async () => {
    const { fake, cache } = await setup();
    fake.error = throttled;

    await cache.prefetch(refs.slice(0, 20), signal);

    expect(fake.calls).toHaveLength(1);
  });

  it('asks only for what is due', async () => {
    const { fake, cache, read } = await setup();
    for (const name of ['a', 'b', 'c']) fake.stored.set(name, { text: name });
    await read({ secret: 'a' });

    await cache.prefetch([{ secret: 'a' }, { secret: 'b' }, { secret: 'c' }, { env: 'TOKEN' }], signal);

    expect(fake.calls.at(-1)).toEqual({ operation: 'BatchGetSecretValue', ids: ['b', 'c'] });
  });
});

describe('a refused value', () => {
  it('is read anew past the cache', async () => {
    const { fake, cache, read } = await setup();
    fake.stored.set('a', { text: 'old' });
    await read({ secret: 'a' });
    fake.stored.set('a', { text: 'new' });

    const fresh = await cache.secrets.reread({ secret: 'a' }, signal);
    const cached = await read({ secret: 'a' });

    expect([fresh?.reveal(), cached]).toEqual(['new', 'new']);
  });

  it('is read anew at most once a run', async () => {
    const { fake, cache, read } = await setup();
    fake.stored.set('a', { text: 'wrong' });
    await read({ secret: 'a' });

    const first = await cache.secrets.reread({ secret: 'a' }, signal);
    const second = await cache.secrets.reread({ secret: 'a' }, signal);
    cache.startRun();
    const inNextRun = await cache.secrets.reread({ secret: 'a' }, signal);

    expect([first?.reveal(), second, inNextRun?.reveal()]).toEqual(['wrong', undefined, 'wrong']);
    expect(fake.calls).toHaveLength(3);
  });

  it('is given to a second source with the same token without another call', async () => {
    const { fake, cache, read } = await setup();
    fake.stored.set('a', { text: 'old' });
    await read({ secret: 'a' });
    fake.stored.set('a', { text: 'new' });

    const first = await cache.secrets.reread({ secret: 'a' }, signal);
    const second = await cache.secrets.reread({ secret: 'a' }, signal);

    expect([first?.reveal(), second?.reveal()]).toEqual(['new', 'new']);
    expect(fake.calls).toHaveLength(2);
  });

  it('costs one call for two keys of one secret', async () => {
    const { fake, cache } = await setup();
    fake.stored.set('a', { text: '{"x":"1","y":"2"}' });

    const values = await Promise.all([
      cache.secrets.reread({ secret: 'a', key: 'x' }, signal),
      cache.secrets.reread({ secret: 'a', key: 'y' }, signal),
    ]);

    expect(values.map((value) => value?.reveal())).toEqual(['1', '2']);
    expect(fake.calls).toHaveLength(1);
  });
});
