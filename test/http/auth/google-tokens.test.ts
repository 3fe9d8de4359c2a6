/** Tests of getting Google access tokens, by federation from AWS and by a service account's key. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HttpConnectionError, HttpStatusError } from '../../../lambda/http/errors/errors.ts';
import { createGoogleTokens } from '../../../lambda/http/auth/google/access-tokens.ts';
import type { GoogleAuth } from '../../../lambda/http/auth/google/settings.ts';
import { GoogleAuth as GoogleAuthSchema } from '../../../lambda/http/auth/google/settings.ts';
import { createEnvironmentStore } from '../../../lambda/secrets/stores/environment.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { SecretUnavailableError } from '../../../lambda/secrets/secrets.ts';
import { createSecrets } from '../../../lambda/secrets/create-secrets.ts';
import {
  type GoogleFakeOptions,
  provider,
  serviceAccount,
  startGoogleFake,
} from '../../support/backends/google-fake.ts';
import { expectNoCanary } from '../../support/canary.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { callerKey } from '../../support/aws/sts-fake.ts';
import { containing, errorOf, testPort } from '../test-port.ts';

const scope = 'https://www.googleapis.com/auth/monitoring.write';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });

function keyFile(tokenUrl: string, key = keys.privateKey, more: object = {}): string {
  const pem = key.export({ type: 'pkcs8', format: 'pem' });
  return JSON.stringify({
    type: 'service_account',
    client_email: serviceAccount,
    private_key_id: 'key-1',
    private_key: pem,
    token_uri: tokenUrl,
    ...more,
  });
}

async function start(choose: (url: string) => unknown, options: Partial<GoogleFakeOptions> = {}) {
  const time = { nowMs: Date.UTC(2026, 10, 21, 12) };
  const clock = (): number => time.nowMs;
  const google = await startGoogleFake({ clock, publicKey: keys.publicKey, ...options });
  const auth: GoogleAuth = GoogleAuthSchema.parse(choose(google.url));
  const variables: Record<string, string> = { KEY: keyFile(`${google.url}/token`), TOKEN: 'ya29.given' };
  const redactor = createRedactor();
  const log = recordingLog();
  const port = testPort({ redactor, clock });
  const env = createEnvironmentStore(variables);
  const cache = createSecrets({
    stores: { secret: env, parameter: env, env, file: env },
    clock,
    cacheMs: 60_000,
    redactor,
    log,
  });
  cache.startRun();
  const remembered: string[] = [];
  const aws = { region: 'eu-west-1', credentials: () => Promise.resolve(callerKey) };
  const tokens = createGoogleTokens(auth, scope, {
    http: port.port,
    secrets: cache.secrets,
    aws,
    clock,
    rememberSecret: (value) => {
      remembered.push(value);
      redactor.remember(value);
    },
  });
  const waiting = { signal: new AbortController().signal, remainingMs: () => 60_000 };
  return {
    google,
    time,
    variables,
    remembered,
    log,
    port,
    startRun: () => {
      cache.startRun();
    },
    use: <Result>(use: (authorization: string) => Promise<Result>) => tokens.sendWithToken(waiting, use),
    token: () => tokens.sendWithToken(waiting, (authorization) => Promise.resolve(authorization)),
    /** A request to the API itself, which checks the token. */
    ask: () =>
      tokens.sendWithToken(waiting, (authorization) =>
        port.port.send({
          method: 'POST',
          url: new URL(`${google.url}/v3/projects/acme-ci/timeSeries`),
          headers: { authorization, 'content-type': 'application/json' },
          body: '{"timeSeries":[]}',
          ...waiting,
        }),
      ),
    [Symbol.asyncDispose]: async () => {
      await google.close();
      await port[Symbol.asyncDispose]();
    },
  };
}

function federation(url: string, more: object = {}): unknown {
  return { federation: { provider, tokenUrl: `${url}/v1/token`, impersonationUrl: url, serviceAccount, ...more } };
}

const byKey = (): unknown => ({ serviceAccountKey: { env: 'KEY' } });

describe('the federation', () => {
  it('shows the AWS role, exchanges it and acts as the service account', async () => {
    await using started = await start(federation);

    expect(await started.token()).toBe('Bearer ya29.impersonated-token-2');
    expect((await started.ask()).status).toBe(200);
    const [asked] = started.google.requests;
    expect(new URLSearchParams(asked?.body.toString()).get('scope')).toBe(
      'https://www.googleapis.com/auth/cloud-platform',
    );
  });

  it('asks for a token of the rights that are needed and no others where it acts as nobody else', async () => {
    await using started = await start((url) => federation(url, { serviceAccount: undefined }));

    expect(await started.token()).toBe('Bearer ya29.federated-token-1');
    expect(new URLSearchParams(started.google.requests[0]?.body.toString()).get('scope')).toBe(scope);
  });

  it('has AWS confirm the role in the Region of the settings', async () => {
    await using started = await start((url) => federation(url, { region: 'us-east-2' }), { region: 'us-east-2' });

    expect(await started.token()).toMatch(/^Bearer ya29/);
  });

  it('makes known every secret that it sends or gets, before anything is sent', async () => {
    await using started = await start(federation);

    await started.token();

    const subject = new URLSearchParams(started.google.requests[0]?.body.toString()).get('subject_token') ?? '';
    const signature = /Signature%3D([0-9a-f]{64})/.exec(subject)?.[1];
    expect(started.remembered).toEqual([
      subject,
      signature,
      callerKey.sessionToken,
      'ya29.federated-token-1',
      'ya29.impersonated-token-2',
    ]);
  });

  it('tells a provider that does not let the role in, with its words and what to do', async () => {
    await using started = await start((url) => federation(url, { provider: provider.replace('collector', 'another') }));

    expect(await errorOf(started.token())).toMatchObject({
      name: 'SecretUnavailableError',
      reason: 'credentials',
      message: expect.stringMatching(
        /^POST .*\/v1\/token: the exchange of the AWS role .* was refused \(400 "invalid_request: Invalid value for "audience"\."\); check that the provider projects\/123456789\/.*attribute condition$/,
      ) as unknown,
    });
  });

  it('tells a service account that the role may not act as', async () => {
    await using started = await start((url) =>
      federation(url, { serviceAccount: 'other@acme-ci.iam.gserviceaccount.com' }),
    );

    expect(await errorOf(started.token())).toMatchObject({
      message: containing('grant roles/iam.workloadIdentityUser on it'),
    });
  });

  it('shows nothing of what an answer echoes', async () => {
    await using started = await start(federation, {
      answer: ({ body }) => ({
        status: 400,
        body: JSON.stringify({ error: 'invalid_grant', error_description: body.toString('utf8') }),
      }),
    });

    const error = await errorOf(started.token());

    expectNoCanary(error instanceof Error ? error.message : '', { session: callerKey.sessionToken });
    expect(error).toBeInstanceOf(SecretUnavailableError);
  });

  it.each(['{}', '[]', 'no json', '{"access_token":""}'])('takes %s for no token', async (body) => {
    await using started = await start(federation, { answer: () => ({ status: 200, body }) });

    expect(await errorOf(started.token())).toMatchObject({ message: containing('check auth.federation.tokenUrl') });
  });

  it('tells a token service that is down as what it is', async () => {
    await using started = await start((url) => federation(url, { tokenUrl: 'http://127.0.0.1:1/v1/token' }));

    expect(await errorOf(started.token())).toBeInstanceOf(HttpConnectionError);
  });
});

describe('the key of a service account', () => {
  it('signs a statement that is exchanged for a token', async () => {
    await using started = await start(byKey);

    expect(await started.token()).toBe('Bearer ya29.key-token-1');
    expect((await started.ask()).status).toBe(200);
  });

  it('is known as a secret with all that is made of it', async () => {
    await using started = await start(byKey);

    await started.token();

    const statement = new URLSearchParams(started.google.requests[0]?.body.toString()).get('assertion');
    expect(started.remembered).toEqual([
      keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      statement,
      'ya29.key-token-1',
    ]);
  });

  it('that was taken back is told with what to do', async () => {
    await using started = await start(byKey, { publicKey: otherKeys.publicKey });

    expect(await errorOf(started.token())).toMatchObject({
      message: containing('(400 "invalid_grant: Invalid JWT Signature."); check that the service account is enabled'),
    });
  });

  it.each([
    ['not json', 'is no key file of a service account'],
    ['{"client_email":"a@b"}', 'is no key file of a service account'],
    [keyFile('http://oauth2.example.com/token'), 'names a token_uri without TLS'],
    [keyFile('https://oauth2.googleapis.com/token', undefined, { private_key: 'no pem' }), 'is no private key in PEM'],
  ])('of another form is refused before anything is sent', async (text, said) => {
    await using started = await start(byKey);
    started.variables['KEY'] = text;

    const error = await errorOf(started.token());

    expect(error).toMatchObject({
      name: 'SecretUnavailableError',
      message: containing(`environment variable KEY ${said}`),
    });
    expect(started.google.requests).toHaveLength(0);
  });

  it('that was rotated is read again when its token is refused', async () => {
    await using started = await start(byKey);
    await started.ask();
    started.google.revokeTokens();
    started.variables['KEY'] = keyFile(`${started.google.url}/token`, undefined, { private_key_id: 'key-2' });

    expect((await started.ask()).status).toBe(200);
    const [, second] = started.google.requests.filter(({ path }) => path === '/token');
    const [header = ''] = (new URLSearchParams(second?.body.toString()).get('assertion') ?? '').split('.');
    expect(Buffer.from(header, 'base64url').toString()).toContain('key-2');
  });
});

describe('a token', () => {
  it('is kept until five minutes before its end', async () => {
    await using started = await start(byKey);
    const first = await started.token();
    started.time.nowMs += 54 * 60_000;
    const kept = await started.token();
    started.time.nowMs += 2 * 60_000;
    const next = await started.token();

    expect([kept, next]).toEqual([first, 'Bearer ya29.key-token-2']);
    expect(started.google.asked(/^\/token$/)).toBe(2);
  });

  it('is asked for once by all who need it at the same moment', async () => {
    await using started = await start(federation);

    const all = await Promise.all([started.token(), started.token(), started.token()]);

    expect(new Set(all).size).toBe(1);
    expect(started.google.requests).toHaveLength(2);
  });

  it('that was refused is renewed once, for all who were refused together', async () => {
    await using started = await start(federation);
    await started.ask();
    started.google.revokeTokens();

    const answers = await Promise.all([started.ask(), started.ask()]);

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(started.google.asked(/^\/v1\/token$/)).toBe(2);
  });

  it('that is refused anew leaves the refusal as it is', async () => {
    await using started = await start(federation);
    let uses = 0;
    const refused = new HttpStatusError('POST x/', { status: 401, headers: {}, excerpt: '' });

    const error = await errorOf(
      started.use(() => {
        uses += 1;
        return Promise.reject(refused);
      }),
    );

    expect([error, uses]).toEqual([refused, 2]);
  });

  it('of the environment is used as it is, and read again where it is refused', async () => {
    await using started = await start(() => ({ bearer: { env: 'TOKEN' } }));
    const used: string[] = [];
    const refused = new HttpStatusError('POST x/', { status: 401, headers: {}, excerpt: '' });
    started.variables['TOKEN'] = ' ya29.given\n';
    await started.token();
    started.variables['TOKEN'] = 'ya29.newer';

    await started.use((authorization) => {
      used.push(authorization);
      return used.length === 1 ? Promise.reject(refused) : Promise.resolve();
    });

    expect(used).toEqual(['Bearer ya29.given', 'Bearer ya29.newer']);
  });
});

describe('the settings', () => {
  it.each([
    [{ federation: { provider: 'projects/p/locations/global/workloadIdentityPools/aws-pool/providers/x' } }],
    [{ federation: { provider, serviceAccount: 'somebody@example.com' } }],
    [{ federation: { provider, tokenUrl: 'http://sts.example.com/v1/token' } }],
    [{ federation: { provider }, bearer: { env: 'TOKEN' } }],
    [{}],
  ])('%o are refused', (raw) => {
    expect(GoogleAuthSchema.safeParse(raw).success).toBe(false);
  });
});
