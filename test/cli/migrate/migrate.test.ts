/** What `migrate` makes of each way in which buildkite-agent-metrics is told what to do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dispatch } from '../../../lambda/cli/commands/dispatch.ts';
import { programFlags } from '../../../lambda/cli/migrate/read-program.ts';
import { textOf } from '../../repository/files.ts';
import { fakeTerminal } from '../fake-terminal.ts';

const token = 'bkct_never_to_be_seen';

async function migrate(argv: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const terminal = fakeTerminal({ variables });
  const exitCode = await dispatch(['migrate', ...argv], terminal);
  const config: unknown = parse(terminal.out());
  return { exitCode, config, out: terminal.out(), err: terminal.err() };
}

function sinkOf(config: unknown): unknown {
  return config !== null && typeof config === 'object' && 'sinks' in config && Array.isArray(config.sinks)
    ? config.sinks[0]
    : undefined;
}

function sourceOf(config: unknown): unknown {
  return config !== null && typeof config === 'object' && 'sources' in config && Array.isArray(config.sources)
    ? config.sources[0]
    : undefined;
}

const first = ['-token', token];

describe('the command line of the program', () => {
  it('becomes a checked configuration that publishes the same', async () => {
    const { exitCode, config } = await migrate([...first, '-interval', '30s', '-backend', 'statsd', '-statsd-tags']);

    expect(exitCode).toBe(0);
    expect(config).toEqual({
      interval: '30 seconds',
      sources: [{ kind: 'buildkite', agentTokens: [{ secret: 'ci-metrics/buildkite', key: 'agentToken' }] }],
      sinks: [{ kind: 'statsd', tags: 'dogstatsd', compat: true }],
    });
  });

  it.each([
    [['-backend', 'cloudwatch'], { kind: 'cloudwatch', region: 'us-east-1' }],
    [
      ['--cloudwatch-region=eu-west-1', '-cloudwatch-dimensions', 'Env=prod, Team=ci'],
      {
        kind: 'cloudwatch',
        region: 'eu-west-1',
        dimensions: { Env: 'prod', Team: 'ci' },
      },
    ],
    [['-interval', '30s'], { kind: 'cloudwatch', region: 'us-east-1', resolution: 'standard' }],
    [['-interval', '30s', '-cloudwatch-high-resolution'], { kind: 'cloudwatch', region: 'us-east-1' }],
    [['-backend', 'statsd'], { kind: 'statsd', compat: true }],
    [
      ['-backend', 'StatsD', '-statsd-host', 'statsd.internal:9125', '-statsd-tags=false'],
      {
        kind: 'statsd',
        host: 'statsd.internal',
        port: 9125,
        compat: true,
      },
    ],
    [
      ['-backend', 'prometheus', '-prometheus-addr', '127.0.0.1:9100'],
      { kind: 'scrape-page', listen: '127.0.0.1:9100' },
    ],
    [
      ['-backend', 'stackdriver', '-stackdriver-projectid', 'my-project'],
      {
        kind: 'google-cloud-monitoring',
        project: 'my-project',
        auth: { serviceAccountKey: { secret: 'ci-metrics/google-cloud', key: 'serviceAccountKey' } },
        compat: true,
      },
    ],
    [
      ['-backend', 'newrelic', '-newrelic-license-key', 'abc', '-newrelic-account', '123'],
      {
        kind: 'new-relic',
        account: 123,
        apiKey: { secret: 'ci-metrics/new-relic', key: 'licenseKey' },
        compat: true,
      },
    ],
  ])('%j has the sink %j', async (argv, sink) => {
    const { exitCode, config, err } = await migrate([...first, ...argv]);

    expect({ exitCode, sink: sinkOf(config) }, err).toEqual({ exitCode: 0, sink });
  });

  it('has a reference for each token, and queues by their names', async () => {
    const { config } = await migrate(['-token', 'a', '-token=b', '-queue', 'default', '-queue', 'deploy']);

    expect(sourceOf(config)).toEqual({
      kind: 'buildkite',
      agentTokens: [
        { secret: 'ci-metrics/buildkite', key: 'agentToken1' },
        { secret: 'ci-metrics/buildkite', key: 'agentToken2' },
      ],
      queues: { include: ['default', 'deploy'] },
    });
  });

  it('takes the variables that the program takes, and lets them win where it does', async () => {
    const variables = {
      BUILDKITE_AGENT_TOKEN: 'one, two',
      BUILDKITE_QUEUE: 'a,b',
      BUILDKITE_AGENT_ENDPOINT: 'https://agent.example.com/v3',
      AWS_REGION: 'eu-west-1',
    };

    const { config } = await migrate(['-endpoint', 'https://other.example.com/v3'], variables);

    expect(sourceOf(config)).toMatchObject({
      endpoint: 'https://agent.example.com/v3',
      queues: { include: ['a', 'b'] },
    });
    expect(sinkOf(config)).toMatchObject({ region: 'eu-west-1' });
  });

  it('reads OpenTelemetry from its standard variables, headers as references', async () => {
    const { config, out, err } = await migrate([...first, '-backend', 'opentelemetry'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.com:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=very-secret-value',
      OTEL_SERVICE_NAME: 'ci',
    });

    expect(sinkOf(config)).toEqual({
      kind: 'otlp',
      url: 'https://otel.example.com:4318',
      headers: { 'api-key': { secret: 'ci-metrics/otlp', key: 'api-key' } },
      resource: { 'service.name': 'ci' },
      compat: true,
    });
    expect(err).toContain('grpc');
    expect(out + err).not.toContain('very-secret-value');
  });

  it.each([
    ['30s', '30 seconds'],
    ['1m0s', '1 minute'],
    ['45s', '1 minute'],
    ['1.5h', '60 minutes'],
    ['2s', '5 seconds'],
    ['1m30s', '2 minutes'],
  ])('makes of the interval %s the next one that is allowed, %s', async (given, interval) => {
    const { config } = await migrate([...first, '-interval', given]);

    expect(config).toMatchObject({ interval });
  });

  it('says that an interval has become another one, and only then', async () => {
    const same = await migrate([...first, '-interval', '60s']);
    const other = await migrate([...first, '-interval', '45s']);

    expect(same.err).not.toContain('The interval becomes');
    expect(other.err).toContain('The interval becomes 1 minute');
  });

  it('has tokens in the environment where the command stays in a terminal', async () => {
    const { config } = await migrate(['-token', 'a', '-token', 'b', '-backend', 'prometheus']);

    expect(sourceOf(config)).toMatchObject({
      agentTokens: [{ env: 'BUILDKITE_AGENT_TOKEN_1' }, { env: 'BUILDKITE_AGENT_TOKEN_2' }],
    });
    expect(sinkOf(config)).toMatchObject({ kind: 'scrape-page', listen: '0.0.0.0:8080' });
  });

  it('prints and refuses what the collector does not take', async () => {
    const { exitCode, out, err } = await migrate([...first, '-endpoint', 'http://agent.internal/v3']);

    expect(exitCode).toBe(2);
    expect(out).toContain('http://agent.internal/v3');
    expect(err).toContain('must be an https:// URL');
  });

  it.each([
    [['-tokn', token], 'did you mean -token?'],
    [['-token'], '-token needs a value'],
    [[token], 'belongs to no flag'],
    [[...first, '--', token], 'belongs to no flag'],
    [[...first, '-backend', 'graphite'], '-backend must be one of cloudwatch'],
    [[...first, '-interval', 'soon'], '-interval must be a duration'],
    [[...first, '-statsd-tags=maybe'], '-statsd-tags takes true or false'],
    [[...first, '-cloudwatch-dimensions', 'Env'], 'must be Key=Value,Other=Value'],
    [[...first, '-for', 'mars'], '-for must be aws or terminal'],
    [[...first, '-backend', 'prometheus', '-for', 'aws'], 'which a function cannot'],
    [['-interval', '30s'], 'no token is given'],
    [['-token', ''], 'no token is given'],
    [
      [...first, '-endpoint', `https://user:${token}@agent.example.com/v3`],
      '-endpoint has a user, a password or a query',
    ],
    [
      [...first, '-endpoint', `https://agent.example.com/v3?token=${token}`],
      '-endpoint has a user, a password or a query',
    ],
  ])('refuses %j and prints no configuration', async (argv, message) => {
    const { exitCode, out, err } = await migrate(argv);

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain(message);
    expect(err).not.toContain(token);
  });

  it('never prints a token, whatever else is wrong with the command line', async () => {
    const flags = Object.keys(programFlags).map((name) => `-${name}`);
    const word = fc.oneof(fc.constantFrom(...flags, '--', '-', '-x'), fc.constant(token), fc.string({ maxLength: 6 }));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (words) => {
        const { out, err } = await migrate(['-token', token, ...words]);
        // What was given as another value than the token may be shown in the configuration.
        const isElsewhere = words.some((each, index) => each === token && words[index - 1] !== '-token');
        return isElsewhere || !(out + err).includes(token);
      }),
    );
  });
});

describe('the variables of a function', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ci-metrics-migrate-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it.each([
    [{ BUILDKITE_AGENT_TOKEN_SSM_KEY: '/bk/a,/bk/b' }, [{ parameter: '/bk/a' }, { parameter: '/bk/b' }], undefined],
    [
      { BUILDKITE_AGENT_SECRETS_MANAGER_SECRET_ID: 'bk/a, bk/b' },
      [{ secret: 'bk/a' }, { secret: 'bk/b' }],
      { secrets: 'import' },
    ],
    [
      { BUILDKITE_AGENT_SECRETS_MANAGER_SECRET_ID: 'bk', BUILDKITE_AGENT_SECRETS_MANAGER_JSON_KEY: 'token' },
      [{ secret: 'bk', key: 'token' }],
      { secrets: 'import' },
    ],
    [{ BUILDKITE_AGENT_TOKEN: token }, [{ secret: 'ci-metrics/buildkite', key: 'agentToken' }], undefined],
  ])('%j keeps its tokens where they are', async (variables, agentTokens, deployment) => {
    const { exitCode, config, out, err } = await migrate([], variables);

    expect({ exitCode }, err).toEqual({ exitCode: 0 });
    expect(config).toMatchObject({ sources: [{ agentTokens }], ...(deployment === undefined ? {} : { deployment }) });
    expect('deployment' in Object(config)).toBe(deployment !== undefined);
    expect(out + err).not.toContain(token);
  });

  it.each([
    [
      { BUILDKITE_BACKEND: 'statsd', STATSD_HOST: 'statsd:8125', STATSD_TAGS: 'TRUE' },
      {
        kind: 'statsd',
        host: 'statsd',
        tags: 'dogstatsd',
        compat: true,
      },
    ],
    [
      { BUILDKITE_BACKEND: 'something', BUILDKITE_CLOUDWATCH_DIMENSIONS: 'A=b' },
      {
        kind: 'cloudwatch',
        dimensions: { A: 'b' },
      },
    ],
    [
      { BUILDKITE_BACKEND: 'newrelic' },
      { kind: 'new-relic', apiKey: { secret: 'ci-metrics/new-relic', key: 'licenseKey' }, compat: true },
    ],
  ])('%j has the sink %j', async (variables, sink) => {
    const { config } = await migrate([], { BUILDKITE_AGENT_TOKEN: token, ...variables });

    expect(sinkOf(config)).toEqual(sink);
  });

  it('takes what AWS prints of a function, and lines of NAME=value', async () => {
    const variables = { BUILDKITE_AGENT_TOKEN_SSM_KEY: '/bk/token', BUILDKITE_QUEUE: 'a' };
    const json = join(folder, 'lambda.json');
    const lines = join(folder, 'lambda.env');
    await writeFile(json, JSON.stringify({ FunctionName: 'x', Environment: { Variables: variables } }));
    await writeFile(lines, '# variables\nexport BUILDKITE_AGENT_TOKEN_SSM_KEY="/bk/token"\n\nBUILDKITE_QUEUE=a\n');

    const [fromJson, fromLines, fromProcess] = await Promise.all([
      migrate(['-environment', json]),
      migrate(['-environment', lines]),
      migrate([], variables),
    ]);

    expect(fromJson.out).toBe(fromProcess.out);
    expect(fromLines.out).toBe(fromProcess.out);
  });

  it.each([
    ['{ "Environment": "secret-text" }', 'is not what `aws lambda get-function-configuration` prints'],
    ['{ secret-text', 'is not what `aws lambda get-function-configuration` prints'],
    ['A=b\nsecret-text\n', 'line 2 is not NAME=value'],
  ])('refuses the file %j without repeating it', async (text, message) => {
    const path = join(folder, 'bad.env');
    await writeFile(path, text);

    const { exitCode, err } = await migrate(['-environment', path]);

    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain('secret-text');
  });

  it('reads the function of Google Cloud', async () => {
    const { config } = await migrate([], { BUILDKITE_AGENT_TOKEN_SECRET_NAMES: 'a,b', GOOGLE_CLOUD_PROJECT: 'ci' });

    expect(sinkOf(config)).toMatchObject({ kind: 'google-cloud-monitoring', project: 'ci' });
    expect(sourceOf(config)).toMatchObject({ agentTokens: [{ key: 'agentToken1' }, { key: 'agentToken2' }] });
  });

  it('refuses two places of tokens by their names, not by their values', async () => {
    const { exitCode, err } = await migrate([], { BUILDKITE_AGENT_TOKEN: token, BUILDKITE_AGENT_TOKEN_SSM_KEY: '/bk' });

    expect(exitCode).toBe(2);
    expect(err).toContain('BUILDKITE_AGENT_TOKEN and BUILDKITE_AGENT_TOKEN_SSM_KEY exclude each other');
    expect(err).not.toContain(token);
  });
});

describe('what must not be taken for something else', () => {
  it.each([token, `a=b,${token}`])('refuses the headers %j, which have a value without a name', async (headers) => {
    const { exitCode, out, err } = await migrate([...first, '-backend', 'opentelemetry'], {
      OTEL_EXPORTER_OTLP_HEADERS: headers,
    });

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain('OTEL_EXPORTER_OTLP_HEADERS must be name=value');
    expect(err).not.toContain(token);
  });

  it.each([
    [
      `Authorization=Basic ${token}`,
      { basic: { username: 'USER', password: { secret: 'ci-metrics/otlp', key: 'Authorization' } } },
    ],
    [
      `authorization=Basic%20${token}`,
      { basic: { username: 'USER', password: { secret: 'ci-metrics/otlp', key: 'authorization' } } },
    ],
    [`Authorization=Bearer ${token}`, { bearer: { secret: 'ci-metrics/otlp', key: 'Authorization' } }],
  ])('has for the header %j the credentials of its scheme', async (headers, auth) => {
    const { config, out, err } = await migrate([...first, '-backend', 'opentelemetry'], {
      OTEL_EXPORTER_OTLP_HEADERS: headers,
    });

    expect(sinkOf(config)).toMatchObject({ auth });
    expect(out + err).not.toContain(token);
  });

  it('refuses variables of a function beside flags of the program, which would not read them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-migrate-'));
    const file = join(folder, 'function.env');
    await writeFile(file, 'BUILDKITE_BACKEND=statsd\nSTATSD_HOST=statsd:8125\nHOME\n');

    const { exitCode, err } = await migrate(['-environment', file, ...first]);

    expect(exitCode).toBe(2);
    expect(err).toContain('give -environment without flags of the program');
    await rm(folder, { recursive: true });
  });

  it('says that a backend which the function does not know was CloudWatch', async () => {
    const tokens = { BUILDKITE_AGENT_TOKEN: token };
    const other = await migrate([], { ...tokens, BUILDKITE_BACKEND: 'prometheus' });
    const known = await migrate([], { ...tokens, BUILDKITE_BACKEND: 'CloudWatch' });

    expect(sinkOf(other.config)).toMatchObject({ kind: 'cloudwatch' });
    expect(other.err).toContain('BUILDKITE_BACKEND="prometheus" is none that the function knows');
    expect(known.err).not.toContain('none that the function knows');
  });

  it('says of a page without an interval what a page needs, not what a single run does', async () => {
    const page = await migrate([...first, '-backend', 'prometheus']);
    const metrics = await migrate(first);

    expect(page.err).toContain('a page needs a command that goes on');
    expect(page.err).not.toContain('--once');
    expect(metrics.err).toContain('here that is `collect --once`');
  });

  it('says of StatsD without a host that nothing listens there in AWS', async () => {
    const inAws = await migrate([...first, '-backend', 'statsd']);
    const inTerminal = await migrate([...first, '-backend', 'statsd', '-for', 'terminal']);

    expect(inAws.exitCode).toBe(0);
    expect(inAws.err).toContain('StatsD: 127.0.0.1 is the function itself in AWS');
    expect(inAws.err).toContain('set `host` to an address');
    expect(inTerminal.err).not.toContain('the function itself');
  });

  it('refuses an OpenTelemetry receiver on this machine for AWS, with the place and the remedy', async () => {
    const inAws = await migrate([...first, '-backend', 'opentelemetry']);
    const inTerminal = await migrate([...first, '-backend', 'opentelemetry', '-for', 'terminal']);

    expect(inAws.exitCode).toBe(2);
    expect(inAws.err).toMatch(
      /sinks\[0\]\.url: is the function itself in AWS Lambda.*write a host that the function reaches/,
    );
    expect(inTerminal).toMatchObject({ exitCode: 0 });
    expect(inTerminal.err).not.toContain('the function itself');
  });

  it('says of a receiver elsewhere nothing about this machine', async () => {
    const { err } = await migrate([...first, '-backend', 'statsd', '-statsd-host', 'statsd.internal:8125']);

    expect(err).not.toContain('the function itself');
  });

  it('says what the version of the program is here', async () => {
    const { exitCode, err, out } = await migrate(['-version']);

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain('`npm run collect -- --version`');
    expect(err).not.toContain('no token');
  });

  it('has queues without the blanks of a list, and this machine where a host has no name', async () => {
    const { config } = await migrate([...first, '-backend', 'statsd', '-statsd-host', ':9125'], {
      BUILDKITE_QUEUE: 'a, b , c',
    });

    expect(sourceOf(config)).toMatchObject({ queues: { include: ['a', 'b', 'c'] } });
    expect(sinkOf(config)).toEqual({ kind: 'statsd', port: 9125, compat: true });
  });

  it('says how often the command is to run, as the program did', async () => {
    const { err } = await migrate([...first, '-for', 'terminal', '-interval', '15s']);

    expect(err).toContain('--every 15s');
  });
});

describe('the guide', () => {
  it('has a row for every flag', () => {
    const guide = textOf('docs/coming-from-buildkite-agent-metrics.md');

    const missing = Object.keys(programFlags).filter((name) => !guide.includes(`\`-${name}\``));
    expect(missing).toEqual([]);
  });
});
