/** Tests of a token that was rotated: it is read again after a 401, and only if it has changed. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpConnectionError, HttpStatusError, UnusableSecretError } from '../../../lambda/http/errors/errors.ts';
import { CredentialRefusedError } from '../../../lambda/http/errors/credential-refused.ts';
import { createEnvironmentStore } from '../../../lambda/secrets/stores/environment.ts';
import { createFileStore } from '../../../lambda/secrets/stores/file.ts';
import { createParameterStore } from '../../../lambda/secrets/stores/parameter-store.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { useWithRotation } from '../../../lambda/http/auth/rotation.ts';
import { SecretUnavailableError } from '../../../lambda/secrets/secrets.ts';
import { createSecretsManagerStore } from '../../../lambda/secrets/stores/secrets-manager.ts';
import { createSecrets, type SecretCache } from '../../../lambda/secrets/create-secrets.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { startSecretsManagerFake, type SecretsManagerFake } from '../../support/aws/secrets-manager-fake.ts';

const { signal } = new AbortController();
const ref = { secret: 'ci/bk' };

async function setup(): Promise<{ fake: SecretsManagerFake; cache: SecretCache }> {
  const fake = await startSecretsManagerFake();
  onTestFinished(() => fake[Symbol.asyncDispose]());
  const cache = createSecrets({
    stores: {
      secret: createSecretsManagerStore(fake.clientConfig),
      parameter: createParameterStore(fake.clientConfig),
      env: createEnvironmentStore({}),
      file: createFileStore(() => Promise.reject(new Error('no files'))),
    },
    clock: () => 0,
    cacheMs: 60_000,
    redactor: createRedactor(),
    log: recordingLog(),
  });
  cache.startRun();
  fake.stored.set(ref.secret, { text: 'old' });
  await cache.secrets.read(ref, signal);
  return { fake, cache };
}

function refused(status: number): HttpStatusError {
  return new HttpStatusError('GET host/path', { status, headers: {}, excerpt: '' });
}

/** A server that takes one value and answers `status` to every other. */
function accepting(
  value: string,
  status = 401,
): { tried: string[]; use: (secret: { reveal(): string }) => Promise<string> } {
  const tried: string[] = [];
  return {
    tried,
    use: (secret) => {
      tried.push(secret.reveal());
      return secret.reveal() === value ? Promise.resolve('data') : Promise.reject(refused(status));
    },
  };
}

describe('a token that was rotated', () => {
  it('is read anew after a 401 and used again at once', async () => {
    const { fake, cache } = await setup();
    const { tried, use } = accepting('new');
    fake.stored.set(ref.secret, { text: 'new' });

    const data = await useWithRotation(cache.secrets, ref, signal, use);

    expect(data).toBe('data');
    expect(tried).toEqual(['old', 'new']);
  });

  it('works for every source that shares it, with one call', async () => {
    const { fake, cache } = await setup();
    const { use } = accepting('new');
    fake.stored.set(ref.secret, { text: 'new' });

    const data = await Promise.all([1, 2, 3].map(() => useWithRotation(cache.secrets, ref, signal, use)));

    expect(data).toEqual(['data', 'data', 'data']);
    expect(fake.calls).toHaveLength(2);
  });

  it('fails with the second 401 when the new one is wrong too', async () => {
    const { fake, cache } = await setup();
    const { tried, use } = accepting('right');
    fake.stored.set(ref.secret, { text: 'wrong' });

    await expect(useWithRotation(cache.secrets, ref, signal, use)).rejects.toThrow('answered 401');
    expect(tried).toEqual(['old', 'wrong']);
  });
});

describe('a token that is refused', () => {
  it('is not sent again when it is still the same', async () => {
    const { cache } = await setup();
    const { tried, use } = accepting('right');

    await expect(useWithRotation(cache.secrets, ref, signal, use)).rejects.toThrow('answered 401');
    expect(tried).toEqual(['old']);
  });

  it.each([403, 500])('is not read anew after a %i', async (status) => {
    const { fake, cache } = await setup();
    const { use } = accepting('right', status);

    await expect(useWithRotation(cache.secrets, ref, signal, use)).rejects.toThrow(`answered ${String(status)}`);
    expect(fake.calls).toHaveLength(1);
  });

  it('is told by its 401 when it cannot be read anew', async () => {
    const { fake, cache } = await setup();
    const { use } = accepting('right');
    fake.stored.set(ref.secret, { error: { status: 400, type: 'AccessDeniedException' } });

    await expect(useWithRotation(cache.secrets, ref, signal, use)).rejects.toThrow('answered 401');
  });

  const refusals: readonly (readonly [string, Error])[] = [
    ['an answer that belongs to nobody', new CredentialRefusedError('nobody')],
    ['a value that cannot be used', new UnusableSecretError('GET host/path', 'is of another kind')],
    [
      'a refused client certificate',
      new HttpConnectionError('GET host/path', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
    ],
  ];

  it.each(refusals)('is read anew after %s', async (_, refusal) => {
    const { fake, cache } = await setup();
    fake.stored.set(ref.secret, { text: 'new' });

    const used = useWithRotation(cache.secrets, ref, signal, (secret) =>
      secret.reveal() === 'new' ? Promise.resolve('data') : Promise.reject(refusal),
    );

    await expect(used).resolves.toBe('data');
  });

  it('is not read anew for errors that are no answer', async () => {
    const { fake, cache } = await setup();

    const used = useWithRotation(cache.secrets, ref, signal, () => Promise.reject(new TypeError('a bug')));

    await expect(used).rejects.toThrow('a bug');
    expect(fake.calls).toHaveLength(1);
  });
});

describe('a token that cannot be read', () => {
  it('is told as such', async () => {
    const { cache } = await setup();

    const used = useWithRotation(cache.secrets, { secret: 'missing' }, signal, () => Promise.resolve('data'));

    await expect(used).rejects.toThrow(SecretUnavailableError);
  });
});
