/** Tests of assuming an AWS role through STS: requests, sessions, external IDs and refusals. */
import { describe, expect, it } from 'vitest';
import { createRoleSessions, type RoleSessionOptions } from '../../../lambda/http/auth/assumed-role.ts';
import { HttpConnectionError } from '../../../lambda/http/errors/errors.ts';
import { SecretUnavailableError } from '../../../lambda/secrets/secrets.ts';
import { callerKey, startStsFake, type StsFakeOptions, trustedRole } from '../../support/aws/sts-fake.ts';
import { errorOf, testPort } from '../test-port.ts';

const role = { roleArn: trustedRole };

async function sessionsWith(
  options: Partial<StsFakeOptions> = {},
  rest: Partial<RoleSessionOptions> = {},
): Promise<AsyncDisposable & Awaited<ReturnType<typeof start>>> {
  const started = await start(options, rest);
  return {
    ...started,
    [Symbol.asyncDispose]: async () => {
      await started.sts.close();
      await started.port[Symbol.asyncDispose]();
    },
  };
}

async function start(options: Partial<StsFakeOptions>, rest: Partial<RoleSessionOptions>) {
  const time = { nowMs: Date.now() };
  const clock = (): number => time.nowMs;
  const sts = await startStsFake({ region: 'eu-west-1', clock, ...options });
  const port = testPort();
  const remembered: string[] = [];
  const assume = createRoleSessions({
    http: port.port,
    clock,
    region: 'eu-west-1',
    endpoint: sts.url,
    sessionName: 'collector of CI',
    credentials: () => Promise.resolve(callerKey),
    rememberSecret: (value) => remembered.push(value),
    ...rest,
  });
  return { assume, sts, port, time, remembered };
}

describe('a role that is assumed', () => {
  it('gives credentials of its own, asked for by a signed request that names the collector', async () => {
    await using started = await sessionsWith();

    const credentials = await started.assume(role);

    expect(credentials).toEqual({
      accessKeyId: 'ASIA0',
      secretAccessKey: 'secret-of-session-0',
      sessionToken: 'token-of-session-0==',
      expiration: new Date(started.time.nowMs + 3_600_000),
    });
    const asked = new URLSearchParams(started.sts.requests[0]?.body.toString('utf8'));
    expect(Object.fromEntries(asked)).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: trustedRole,
      RoleSessionName: 'collector-of-CI',
      DurationSeconds: '3600',
    });
    expect(started.remembered).toEqual(['secret-of-session-0', 'token-of-session-0==']);
  });

  it('is asked for once by all who need it, and again five minutes before the session ends', async () => {
    await using started = await sessionsWith();
    const { assume, sts, time } = started;
    const startMs = time.nowMs;

    const [first, second] = await Promise.all([assume(role), assume(role)]);
    time.nowMs = startMs + 55 * 60_000 - 1;
    const third = await assume(role);
    time.nowMs = startMs + 55 * 60_000;
    const fourth = await assume(role);

    expect([first, second, third, fourth].map(({ accessKeyId }) => accessKeyId)).toEqual([
      'ASIA0',
      'ASIA0',
      'ASIA0',
      'ASIA1',
    ]);
    expect(sts.requests).toHaveLength(2);
  });

  it('with an external ID is another session than without', async () => {
    await using started = await sessionsWith({ externalId: 'acme-7' });

    const credentials = await started.assume({ ...role, externalId: 'acme-7' });
    const refused = await errorOf(started.assume(role));

    expect(credentials.accessKeyId).toBe('ASIA0');
    expect(refused).toBeInstanceOf(SecretUnavailableError);
  });

  it('that does not trust the collector names both sides, and is asked again by the next run', async () => {
    await using started = await sessionsWith({ externalId: 'acme-7' });
    const wrong = { ...role, externalId: 'other' };

    const error = await errorOf(started.assume(wrong));
    await errorOf(started.assume(wrong));

    expect(error).toMatchObject({
      name: 'SecretUnavailableError',
      reason: 'credentials',
      message: `POST 127.0.0.1:${String(started.sts.port)}/: ${trustedRole} could not be assumed (403 AccessDenied: User is not authorized to perform: sts:AssumeRole); allow sts:AssumeRole on it, and let its trust policy name the role that runs the collector with this external ID`,
    });
    expect(started.sts.requests).toHaveLength(2);
  });

  it.each([
    ['holds no credentials', '<html>a login page</html>'],
    [
      'does not say when the session ends',
      '<AccessKeyId>A</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken>',
    ],
  ])('by an answer that %s is refused', async (text, body) => {
    await using started = await sessionsWith({ answer: () => ({ status: 200, body }) });

    expect(await errorOf(started.assume(role))).toMatchObject({
      name: 'SecretUnavailableError',
      message: expect.stringContaining(text) as unknown,
    });
  });

  it('tells an STS that cannot be reached as what it is', async () => {
    await using started = await sessionsWith({}, { endpoint: 'http://127.0.0.1:1' });

    expect(await errorOf(started.assume(role))).toBeInstanceOf(HttpConnectionError);
  });
});
