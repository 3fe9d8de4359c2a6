/** Tests of the bundled function under AWS's own runtime client: events, secrets, log and time-outs. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Bundle, bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { sourceSubjects } from '../contracts/subjects.ts';
import { type LambdaOptions, startLambda, type RunningLambda, withRuntimeClient } from '../servers/lambda-runtime.ts';
import { type AwsCall, functionStatements, isAllowed } from '../infra/policies.ts';
import { metricCall, secretCalls } from '../infra/recorded-calls.ts';
import { synthesise } from '../infra/synthesis.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';
import { type CloudWatchFake, startCloudWatchFake } from '../support/backends/cloudwatch-fake.ts';
import { type LoopbackServer, startLoopbackServer } from '../support/network/loopback-server.ts';
import { type SecretsManagerFake, startSecretsManagerFake } from '../support/aws/secrets-manager-fake.ts';

/** Makes Node tell each file that it loads. */
const listLoadedFiles = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => {
    process.stderr.write('loaded ' + url.split('/').at(-1) + '\\n');
    return next(url, context);
  } });
`)}`;

async function breakConfig(directory: string): Promise<void> {
  const file = join(directory, 'collector.json');
  const config: unknown = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...(isObject(config) ? config : {}), sources: [] }));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/**
 * The deployed bundle under the runtime interface client that runs in AWS Lambda. What this cannot show: freezing
 * between invocations, the memory limit, and Scheduler's own delivery.
 */
withRuntimeClient('the bundle under the Lambda runtime', () => {
  let folder: string;
  let buildkite: LoopbackServer;
  let cloudwatch: CloudWatchFake;
  let secrets: SecretsManagerFake;
  let isSlow = false;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ci-metrics-function-'));
    cloudwatch = await startCloudWatchFake({ namespaces: ['CI', 'Buildkite'] });
    secrets = await startSecretsManagerFake();
    secrets.stored.set('ci-metrics/buildkite', { text: canaries.token });
    secrets.stored.set('ci-metrics/apple', { text: canaries.json });
    buildkite = await startLoopbackServer((request, response) => {
      if (!isSlow) sourceSubjects.buildkite.healthy(request, response);
    });
  });

  beforeEach(() => {
    isSlow = false;
    cloudwatch.clear();
    secrets.calls.length = 0;
  });

  afterAll(async () => {
    await Promise.all([buildkite.close(), cloudwatch.close(), secrets[Symbol.asyncDispose]()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function asset(name: string, settings: object = {}): Promise<string> {
    return (await bundle(name, configWith(settings))).directory;
  }

  function configWith(settings: object): CollectorConfig {
    const agentTokens = [{ secret: 'ci-metrics/buildkite' }];
    return CollectorConfig.parse({
      sources: [{ kind: 'buildkite', endpoint: `${buildkite.url}/v3`, agentTokens }],
      sinks: [{ kind: 'cloudwatch' }],
      ...settings,
    });
  }

  async function bundle(name: string, config: CollectorConfig): Promise<Bundle> {
    return bundleFunction({ directory: await mkdtemp(join(folder, name)), config });
  }

  function start(directory: string, options: Partial<LambdaOptions> = {}): Promise<RunningLambda> {
    return startLambda({
      asset: directory,
      ...options,
      environment: {
        COLLECTOR_LOOPBACK: 'allow',
        AWS_ENDPOINT_URL_CLOUDWATCH: cloudwatch.url,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.clientConfig.endpoint,
        ...options.environment,
      },
    });
  }

  it('collects and delivers for a scheduled event, and stamps the scheduled minute', async () => {
    await using lambda = await start(await asset('tick'));
    const scheduled = new Date(Date.now() - 20_000).toISOString();

    const end = await lambda.invoke({ scheduledTime: scheduled, executionId: 'e', attemptNumber: '1' });

    expect(end).toMatchObject({ kind: 'response', body: { outcome: 'ok' } });
    const starved = cloudwatch.datums.find(({ name }) => name === 'StarvedJobs');
    expect(starved).toMatchObject({
      namespace: 'CI',
      timestampMs: Math.floor(Date.parse(scheduled) / 60_000) * 60_000,
    });
    expect(cloudwatch.datums.filter(({ namespace }) => namespace === 'Buildkite').map(({ name }) => name)).toContain(
      'ScheduledJobsCount',
    );
  });

  it.each([
    ['a manual event', {}],
    ['a placeholder that nobody replaced', { scheduledTime: '<aws.scheduler.scheduled-time>' }],
    ['a time of last year', { scheduledTime: '2025-01-01T00:00:00Z' }],
    ['no event', null],
  ])('takes the present minute for %s', async (_name, event) => {
    await using lambda = await start(await asset('now'));
    const minuteMs = Math.floor(Date.now() / 60_000) * 60_000;

    const end = await lambda.invoke(event);

    expect(end).toMatchObject({ kind: 'response', body: { outcome: 'ok' } });
    const stamps = cloudwatch.datums.map(({ timestampMs }) => timestampMs);
    expect(stamps.length).toBeGreaterThan(0);
    expect(stamps.every((stamp) => stamp % 60_000 === 0 && stamp >= minuteMs && stamp <= Date.now())).toBe(true);
  });

  it('keeps the secret and the connections for the second, warm run', async () => {
    await using lambda = await start(await asset('warm'));

    await lambda.invoke({});
    const connections = buildkite.connections();
    const second = await lambda.invoke({});

    expect(second).toMatchObject({ kind: 'response', body: { outcome: 'ok' } });
    expect(secrets.calls).toHaveLength(1);
    expect(buildkite.connections()).toBe(connections);
  });

  it('logs one JSON line a run and the embedded metrics of its own health', async () => {
    await using lambda = await start(await asset('logs'));

    await lambda.invoke({});

    const lines = lambda.stdout().map((line): unknown => JSON.parse(line));
    const reports = lines.filter((line) => isObject(line) && line['message'] === 'run finished');
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ level: 'INFO', outcome: 'ok', sources: [{ source: 'buildkite/buildkite' }] });
    const embedded = lines.filter((line) => isObject(line) && '_aws' in line);
    expect(embedded).toContainEqual(expect.objectContaining({ Source: 'buildkite', SourceUp: 1 }));
    expect(embedded).toContainEqual(expect.objectContaining({ Sink: 'cloudwatch', SinkUp: 1 }));
  });

  it('tells by embedded metrics that CloudWatch refused the data', async () => {
    cloudwatch.fail({ mode: 'error-500', times: 100 });
    await using lambda = await start(await asset('refused'));

    const end = await lambda.invoke({});

    expect(end.kind).toBe('error');
    const embedded = lambda.stdout().filter((line) => line.includes('"_aws"'));
    expect(embedded.map((line): unknown => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ Sink: 'cloudwatch', SinkUp: 0 }),
    );
  });

  it('ends before it is killed when the CI system does not answer, and says so', async () => {
    isSlow = true;
    await using lambda = await start(await asset('slow'), { timeoutMs: 15_000 });

    const end = await lambda.invoke({});

    expect(end).toMatchObject({ kind: 'error', body: { errorType: 'RunFailedError' } });
    expect(JSON.stringify(end)).toContain('nothing could be collected');
    expect(lambda.stderr()).toContain('"kind":"timeout"');
  });

  it('collects several times in one invocation when the interval is below a minute', async () => {
    await using lambda = await start(await asset('loop', { interval: '5 seconds' }), { timeoutMs: 32_000 });
    // An invocation ends with its minute: late in one, it is that of the next, which may be told some seconds before.
    const scheduledMs = Date.now() % 60_000 <= 40_000 ? Date.now() : Math.ceil(Date.now() / 60_000) * 60_000;

    const end = await lambda.invoke({ scheduledTime: new Date(scheduledMs).toISOString() });

    // The last run may have begun too late to end well; the function ends all the same, and is not killed.
    expect(['response', 'error']).toContain(end.kind);
    const stamps = new Set(cloudwatch.datums.map(({ timestampMs }) => timestampMs));
    expect(stamps.size).toBeGreaterThanOrEqual(2);
    expect([...stamps].every((stamp) => stamp % 5000 === 0)).toBe(true);
    expect(cloudwatch.datums.every(({ resolution }) => resolution === 1)).toBe(true);
  });

  it('fails while it initialises when its configuration is broken, and names the place', async () => {
    const directory = await asset('broken');
    await breakConfig(directory);
    await using lambda = await start(directory);

    const end = await lambda.invoke({});

    expect(end.kind).toBe('init-error');
    expect(JSON.stringify(end)).toContain('sources');
  });

  it('loads no code of a source or sink that is not configured', async () => {
    const { directory, metafile } = await bundle('chunks', configWith({}));
    await using lambda = await start(directory, { environment: { NODE_OPTIONS: `--import=${listLoadedFiles}` } });

    const end = await lambda.invoke({});

    const loaded = Object.entries(metafile.outputs).filter(([path]) =>
      lambda.stderr().includes(`loaded ${basename(path)}\n`),
    );
    const modules = loaded.flatMap(([, { inputs }]) => Object.keys(inputs));
    expect(end).toMatchObject({ kind: 'response' });
    expect(modules).toContain('lambda/sinks/cloudwatch/create.ts');
    expect(modules).not.toContain('lambda/sinks/remote-write/create.ts');
    expect(modules).not.toContain('lambda/sinks/pushgateway/create.ts');
    expect(
      modules.filter((path) => path.includes('prom-client') || path.includes('snappyjs') || path.includes('/yaml/')),
    ).toEqual([]);
  });

  it('makes no call to AWS that the stack does not allow, and has no right there that it does not use', async () => {
    const agentTokens = [{ secret: 'ci-metrics/buildkite' }, { secret: 'ci-metrics/apple' }];
    const config = configWith({ sources: [{ kind: 'buildkite', endpoint: `${buildkite.url}/v3`, agentTokens }] });
    const { directory } = await bundle('rights', config);
    await using lambda = await start(directory);

    await lambda.invoke({});

    const calls = [
      ...cloudwatch.requests.map(metricCall),
      ...secrets.calls.flatMap(({ operation, ids }) => secretCalls(operation, ids)),
    ];
    const statements = functionStatements(synthesise(config).template);
    const refused: AwsCall[] = [];
    for (const call of calls) if (!(await isAllowed(statements, call))) refused.push(call);
    expect(refused).toEqual([]);
    const made = new Set(calls.map(({ action }) => action));
    const rights = statements
      .flatMap(({ Action }) => Action)
      .filter((action) => /^(cloudwatch|secretsmanager):/.test(action));
    expect(rights.filter((action) => !made.has(action))).toEqual([]);
  });

  it('never says the token, whatever happens', async () => {
    await using healthy = await start(await asset('canary-ok', { logLevel: 'debug' }));
    await using failing = await start(await asset('canary-bad', { logLevel: 'debug' }));

    const ends = [await healthy.invoke({})];
    cloudwatch.fail({ mode: 'error-500', times: 100 });
    ends.push(await failing.invoke({}));

    expect(buildkite.requests.at(-1)?.headers['authorization']).toBe(`Token ${canaries.token}`);
    expectNoCanary([ends, healthy.stdout(), healthy.stderr(), failing.stdout(), failing.stderr()]);
  });
});
