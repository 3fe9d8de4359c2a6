/** Tests of the credentials that a request carries, and of reading a rotated secret again. */
import { describe, expect, it } from 'vitest';
import { sendWithCredentials, type CredentialSettings } from '../../../lambda/http/auth/credentials.ts';
import { HttpConnectionError, HttpStatusError } from '../../../lambda/http/errors/errors.ts';
import { createEnvironmentStore } from '../../../lambda/secrets/stores/environment.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import type { SecretStore } from '../../../lambda/secrets/stores/secret-store.ts';
import { SecretUnavailableError, type Secrets } from '../../../lambda/secrets/secrets.ts';
import { createSecrets } from '../../../lambda/secrets/create-secrets.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { errorOf, get, testPort } from '../test-port.ts';

const signal = new AbortController().signal;
const bearer: CredentialSettings = { auth: { bearer: { env: 'token' } } };

interface Store {
  readonly secrets: Secrets;
  /** What is stored; the cache lags behind until it is read anew. */
  readonly stored: Record<string, string>;
  /** How often each value was fetched. */
  readonly fetches: () => Readonly<Record<string, number>>;
}

/** The real secrets, over environment variables that can be rotated. */
function storeOf(values: Readonly<Record<string, string>>): Store {
  const stored = { ...values };
  const fetches: Record<string, number> = {};
  const env = createEnvironmentStore(stored);
  const counted: SecretStore = {
    read: (ids, ...rest) => {
      for (const id of ids) fetches[id] = (fetches[id] ?? 0) + 1;
      return env.read(ids, ...rest);
    },
  };
  const { secrets } = createSecrets({
    stores: { secret: counted, parameter: counted, env: counted, file: counted },
    clock: () => 0,
    cacheMs: 60_000,
    redactor: createRedactor(),
    log: recordingLog(),
  });
  return { secrets, stored, fetches: () => fetches };
}

function refused(): HttpStatusError {
  return new HttpStatusError('GET x/', { status: 401, headers: {}, excerpt: '' });
}

/** The headers of one use. */
async function headersFor(settings: CredentialSettings, values: Readonly<Record<string, string>>): Promise<unknown> {
  return sendWithCredentials(settings, storeOf(values), signal, ({ headers }) => Promise.resolve(headers));
}

describe('credentials', () => {
  it.each([
    ['no auth', {}, {}],
    ['a bearer token', bearer, { authorization: 'Bearer s3cret' }],
    [
      'a password in UTF-8',
      { auth: { basic: { username: 'üser', password: { env: 'token' } } } },
      { authorization: `Basic ${Buffer.from('üser:s3cret').toString('base64')}` },
    ],
  ])('make headers from %s', async (_what, settings, headers) => {
    expect(await headersFor(settings, { token: 's3cret' })).toEqual(headers);
  });

  it('hand over CA, certificate and key as they are', async () => {
    const tls = { ca: { env: 'ca' }, cert: { env: 'cert' }, key: { env: 'key' } };
    const { secrets } = storeOf({ ca: 'CA', cert: 'CERT', key: 'KEY' });

    const material = await sendWithCredentials({ tls }, { secrets }, signal, (made) => Promise.resolve(made.tls));

    expect(material).toEqual({ ca: 'CA', cert: 'CERT', key: 'KEY' });
  });

  it('fail with the reason when a secret cannot be read, before anything is sent', async () => {
    let uses = 0;

    const error = await errorOf(sendWithCredentials(bearer, storeOf({}), signal, () => Promise.resolve((uses += 1))));

    expect(error).toBeInstanceOf(SecretUnavailableError);
    expect(uses).toBe(0);
  });
});

describe('rotation', () => {
  it('reads a refused token anew and sends once more', async () => {
    await using server = await startLoopbackServer((_request, response, { headers }) => {
      response.writeHead(headers['authorization'] === 'Bearer new' ? 200 : 401);
      response.end();
    });
    await using http = testPort();
    const { secrets, stored } = storeOf({ token: 'old' });
    await secrets.read({ env: 'token' }, signal);
    stored['token'] = 'new';

    const response = await sendWithCredentials(bearer, { secrets }, signal, (credentials) =>
      http.port.send(get(server.url, credentials)),
    );

    expect(response.status).toBe(200);
    expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer old', 'Bearer new']);
  });

  it('does not send an unchanged token again', async () => {
    const { secrets, fetches } = storeOf({ token: 'same' });
    let uses = 0;

    const error = await errorOf(
      sendWithCredentials(bearer, { secrets }, signal, () => {
        uses += 1;
        return Promise.reject(refused());
      }),
    );

    expect(error).toMatchObject({ status: 401 });
    expect(uses).toBe(1);
    expect(fetches()).toEqual({ token: 2 });
  });

  it('tries a changed token once, not again and again', async () => {
    const { secrets, stored } = storeOf({ token: 'old' });
    await secrets.read({ env: 'token' }, signal);
    stored['token'] = 'new';
    let uses = 0;

    await errorOf(
      sendWithCredentials(bearer, { secrets }, signal, () => {
        uses += 1;
        return Promise.reject(refused());
      }),
    );

    expect(uses).toBe(2);
  });

  it('uses what a neighbour that shares the secret has read anew in between', async () => {
    const { secrets, stored } = storeOf({ token: 'old' });
    await secrets.read({ env: 'token' }, signal);
    stored['token'] = 'new';
    const seen: (string | undefined)[] = [];

    const use = sendWithCredentials(bearer, { secrets }, signal, async ({ headers }) => {
      seen.push(headers['authorization']);
      if (seen.length > 1) return 'fine';
      await secrets.reread({ env: 'token' }, signal);
      throw refused();
    });

    expect(await use).toBe('fine');
    expect(seen).toEqual(['Bearer old', 'Bearer new']);
  });

  it('leaves the refusal of the server the news when the secret cannot be read anew', async () => {
    const { secrets, stored } = storeOf({ token: 'old' });
    const using = sendWithCredentials(bearer, { secrets }, signal, () => {
      delete stored['token'];
      return Promise.reject(refused());
    });

    await expect(using).rejects.toMatchObject({ name: 'HttpStatusError', status: 401 });
  });

  it('covers a client certificate that TLS refuses', async () => {
    const tls = { cert: { env: 'cert' }, key: { env: 'key' } };
    const { secrets, stored } = storeOf({ cert: 'old', key: 'old' });

    const used = await sendWithCredentials({ tls }, { secrets }, signal, (credentials) => {
      if (credentials.tls?.cert === 'new') return Promise.resolve(credentials.tls);
      Object.assign(stored, { cert: 'new', key: 'new' });
      return Promise.reject(new HttpConnectionError('GET x/', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'));
    });

    expect(used).toEqual({ cert: 'new', key: 'new' });
  });

  it.each([403, 404, 500])('is not the answer to %i', async (status) => {
    const { secrets, fetches } = storeOf({ token: 'old' });

    await errorOf(
      sendWithCredentials(bearer, { secrets }, signal, () =>
        Promise.reject(new HttpStatusError('GET x/', { status, headers: {}, excerpt: '' })),
      ),
    );

    expect(fetches()).toEqual({ token: 1 });
  });
});

describe('sigv4', () => {
  const settings: CredentialSettings = { auth: { sigv4: { region: 'eu-west-1' } } };
  const clock = (): number => Date.UTC(2026, 0, 1);

  it('signs each attempt with the identity of the process', async () => {
    await using server = await startLoopbackServer((_request, response) => response.end());
    await using http = testPort();
    const credentials = () => Promise.resolve({ accessKeyId: 'AKID', secretAccessKey: 'SECRET' });
    const signing = { service: 'aps', clock, aws: { region: undefined, credentials } };

    await sendWithCredentials(settings, { ...storeOf({}), signing }, signal, (made) =>
      http.port.send(get(server.url, { ...made, method: 'POST', body: 'data' })),
    );

    expect(server.requests[0]?.headers['authorization']).toContain(
      'Credential=AKID/20260101/eu-west-1/aps/aws4_request',
    );
  });

  it('says what is missing when the process has no identity', async () => {
    await using http = testPort();
    const credentials = () => Promise.reject(new Error('Could not load credentials from any providers'));
    const signing = { service: 'aps', clock, aws: { region: undefined, credentials } };

    const error = await errorOf(
      sendWithCredentials(settings, { ...storeOf({}), signing }, signal, (made) =>
        http.port.send(get('http://127.0.0.1:1/', made)),
      ),
    );

    expect(error).toBeInstanceOf(SecretUnavailableError);
    expect(String(error)).toContain('give it a role');
  });
});
