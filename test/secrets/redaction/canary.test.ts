/** Tests that no secret shows in errors, logs or reports, and that the scan for one can fail. */
import { format, inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseRuntimeConfig } from '../../../lambda/config/parse-runtime-config.ts';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { createHttpHub } from '../../../lambda/http/hub.ts';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { createTerminalLog } from '../../../lambda/log/terminal-log.ts';
import { createEnvironmentStore } from '../../../lambda/secrets/stores/environment.ts';
import { createFileStore } from '../../../lambda/secrets/stores/file.ts';
import { createParameterStore } from '../../../lambda/secrets/stores/parameter-store.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { wrapSecret } from '../../../lambda/secrets/secret.ts';
import type { SecretRef } from '../../../lambda/secrets/secret-ref.ts';
import { createSecretsManagerStore } from '../../../lambda/secrets/stores/secrets-manager.ts';
import { createSecrets } from '../../../lambda/secrets/create-secrets.ts';
import { canaries, canariesIn, expectNoCanary } from '../../support/canary.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { startSecretsManagerFake, type StoredSecret } from '../../support/aws/secrets-manager-fake.ts';

const { signal } = new AbortController();
const all = Object.values(canaries).join(' and ');

describe('the scan itself', () => {
  it.each([
    ['a text', canaries.token],
    ['a cause of a cause', new Error('a', { cause: new Error('b', { cause: canaries.token }) })],
    ['one of several errors', new AggregateError([new Error(canaries.json)])],
    ['a field that is not enumerable', Object.defineProperty({}, 'hidden', { value: canaries.token })],
    ['the name of a field', { [canaries.token]: 1 }],
    ['a header', new Headers({ authorization: `Basic ${btoa(`user:${canaries.token}`)}` })],
    ['a URL', new URL(`https://host/?token=${encodeURIComponent(canaries.token)}`)],
    ['bytes', Buffer.from(canaries.token)],
    ['JSON in JSON', JSON.stringify({ line: JSON.stringify({ json: canaries.json }) })],
    ['one line of a key', 'x Y2FuYXJ5LXBlbS1saW5lLW9uZS0xMjM0NTY3ODkw x'],
    ['a map', new Map([['a', [canaries.token]]])],
    ['hexadecimal digits', Buffer.from(canaries.token).toString('hex')],
  ])('finds a value in %s', (_, output) => {
    expect(canariesIn({ deep: [output] })).not.toEqual([]);
  });

  it('finds nothing where there is nothing', () => {
    expect(canariesIn({ a: ['text', 1, null, new Error('x')] })).toEqual([]);
  });
});

describe('a secret', () => {
  it('shows itself to nobody but reveal', () => {
    const secret = wrapSecret(canaries.token);

    expectNoCanary([
      // What a template literal and console.log make of it.
      format('%s %o %j', secret, secret, secret),
      JSON.stringify({ secret }),
      inspect(secret, { showHidden: true, depth: Infinity }),
      Object.values(secret).filter((value) => typeof value !== 'function'),
    ]);
    expect(secret.reveal()).toBe(canaries.token);
  });
});

describe('a secret store that fails', () => {
  const status = 400;

  it.each<[string, SecretRef, StoredSecret]>([
    ['denies and quotes', { secret: 'a' }, { error: { status, type: 'DecryptionFailure', message: all } }],
    ['answers an unknown error', { secret: 'a' }, { error: { status, type: 'NewException', message: all } }],
    ['answers no JSON', { secret: 'a' }, { error: { status: 500, type: '', body: `{"SecretString": ${all}` } }],
    [
      'answers JSON of another shape',
      { secret: 'a' },
      { error: { status: 200, type: '', body: JSON.stringify({ Other: all }) } },
    ],
    [
      'answers half a value',
      { secret: 'a' },
      { error: { status: 200, type: '', body: `{"SecretString":"${canaries.token}` } },
    ],
    ['holds text that is no JSON', { secret: 'a', key: 'k' }, { text: `{"k": ${all}` }],
    ['holds JSON without the key', { secret: 'a', key: 'k' }, { text: JSON.stringify({ other: canaries.token }) }],
    ['holds a list', { secret: 'a', key: 'k' }, { text: JSON.stringify([canaries.token]) }],
    [
      'holds an object as the value',
      { secret: 'a', key: 'k' },
      { text: JSON.stringify({ k: { deep: canaries.token } }) },
    ],
    ['holds bytes that are no text', { secret: 'a' }, { binary: Buffer.concat([Buffer.of(0xff), Buffer.from(all)]) }],
  ])('and %s lets nothing of a value out', async (_, ref, stored) => {
    const fake = await startSecretsManagerFake();
    onTestFinished(() => fake[Symbol.asyncDispose]());
    fake.stored.set('a', stored);
    const log = recordingLog();
    const cache = createSecrets({
      stores: {
        secret: createSecretsManagerStore(fake.clientConfig),
        parameter: createParameterStore(fake.clientConfig),
        env: createEnvironmentStore({}),
        file: createFileStore(() => Promise.reject(new Error(all))),
      },
      clock: () => 0,
      cacheMs: 0,
      redactor: createRedactor(),
      log,
    });
    const { secrets } = cache;
    cache.startRun();
    await cache.prefetch([ref, { secret: 'b' }], signal);

    const outcomes = await Promise.allSettled([
      secrets.read(ref, signal),
      secrets.reread(ref, signal),
      secrets.read({ file: '/x' }, signal),
    ]);

    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expectNoCanary([outcomes, log.lines, inspect(outcomes, { showHidden: true, depth: Infinity })]);
  });
});

describe('a configuration with a value where a reference belongs', () => {
  const value = JSON.stringify(canaries.token);

  it.each([
    ['an agent token', `{"sources":[{"kind":"buildkite","agentTokens":[${value}]}],"sinks":[{"kind":"stdout"}]}`],
    ['a list of tokens', `{"sources":[{"kind":"buildkite","agentTokens":${value}}]}`],
    [
      'a password',
      `{"sinks":[{"kind":"pushgateway","url":"https://h","auth":{"basic":{"username":"u","password":${value}}}}]}`,
    ],
    ['a bearer token', `{"sinks":[{"kind":"remote-write","url":"https://h","auth":{"bearer":${value}}}]}`],
    ['an authentication', `{"sinks":[{"kind":"remote-write","url":"https://h","auth":${value}}]}`],
    ['a key', `{"sinks":[{"kind":"remote-write","url":"https://h","tls":{"key":${value}}}]}`],
    ['the name of a secret', `{"sources":[{"kind":"buildkite","agentTokens":[{"secret":${value}}]}]}`],
    ['a kind', `{"sources":[{"kind":${value}}]}`],
    ['a name', `{"sources":[{"kind":"buildkite","name":${value},"agentTokens":[{"secret":"a"}]}]}`],
    ['a setting', `{${value}:1}`],
    ['a URL', `{"sinks":[{"kind":"remote-write","url":"http://u:${encodeURIComponent(canaries.token)}@h"}]}`],
    ['broken YAML', `sources: [${value}`],
    ['broken JSON', `{"sources": ${canaries.json}`],
  ])('is refused without showing it: %s', (_, text) => {
    const errors = [
      () => parseConfig(text, { file: 'collector.yaml', environment: 'lambda' }),
      () => parseConfig(text, { file: 'collector.yaml', environment: 'terminal' }),
      () => parseRuntimeConfig(text),
    ].map(thrownBy);

    expect(errors.every((error) => error instanceof Error)).toBe(true);
    expectNoCanary([errors, inspect(errors, { showHidden: true, depth: Infinity })]);
  });
});

describe('a server that sends back what it was sent', () => {
  const echo = JSON.stringify({ message: `unknown token ${canaries.token}`, all });

  it.each<[string, number, Readonly<Record<string, string>>]>([
    ['in an answer 401', 401, {}],
    ['in an answer 500', 500, {}],
    ['in a header', 403, { 'x-echo': canaries.token }],
    ['in a redirect', 302, { location: `https://other.example/?t=${encodeURIComponent(canaries.token)}` }],
  ])('puts it into no message, problem or log line: %s', async (_, status, headers) => {
    const server = await startLoopbackServer((_request, response) => {
      response.writeHead(status, headers).end(echo);
    });
    onTestFinished(() => server.close());
    const redactor = createRedactor();
    for (const value of Object.values(canaries)) redactor.remember(value);
    const lines: string[] = [];
    const write = (text: string): void => void lines.push(text);
    const log = createTerminalLog({ level: 'debug', redactor, clock: () => 0, write, colour: 'never' });
    const hub = createHttpHub({ clock: Date.now, random: () => 0, firstWaitMs: 0, log, loopback: 'allow' });
    onTestFinished(() => hub.close());

    const error: unknown = await hub
      .port()
      .send({
        method: 'POST',
        url: new URL(`${server.url}/path?token=${encodeURIComponent(canaries.token)}`),
        headers: { authorization: `Bearer ${canaries.token}`, 'x-basic': btoa(`user:${canaries.token}`) },
        body: all,
        signal,
        remainingMs: () => 1000,
      })
      .catch((reason: unknown) => reason);
    log.error('the request failed', { error });

    const sent = server.requests.map(({ headers: received }) => received['authorization']);
    expect(sent).toEqual([`Bearer ${canaries.token}`]);
    expect(error).toBeInstanceOf(Error);
    expectNoCanary([
      lines,
      redactor.redactValue(error),
      describeHttpProblem(error, 'buildkite/main'),
      error instanceof Error ? [error.message, error.stack] : error,
    ]);
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
