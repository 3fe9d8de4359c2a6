import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sourceSubjects } from '../contracts/subjects.ts';
import { type MiniStack, startMiniStack, withMiniStack } from '../servers/ministack.ts';
import { eventually } from '../servers/process.ts';
import { type QueryServer, startPrometheus } from '../servers/prometheus.ts';
import { canaries } from '../support/canary.ts';
import { type CloudWatchFake, startCloudWatchFake } from '../support/cloudwatch-fake.ts';
import { type LoopbackServer, startLoopbackServer } from '../support/loopback-server.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

/**
 * The real stack, deployed by the CDK CLI to an AWS emulator, whose schedule fires the real bundle.
 *
 * What MiniStack 1.5 cannot show, and what shows it instead:
 * - CloudWatch's limits, compression and partial failure (it takes NaN, and loses compressed requests): the metrics go
 *   to the strict fake in `test/support`.
 * - Composite alarms and alarms on expressions: it refuses them, so `-c emulator=1` leaves them out; `test/infra` holds
 *   them in the template.
 * - Who may call what: it enforces no policy; `test/infra` simulates the policies.
 * - The scheduled time in the event (the placeholder arrives as it is), the deadline (always five minutes left), retries
 *   and the dead-letter queue of the schedule: `test/function` and `test/infra`.
 */
withMiniStack('the stack, deployed', () => {
  let folder: string;
  let aws: MiniStack;
  let cloudwatch: CloudWatchFake;
  let buildkite: LoopbackServer;
  let prometheus: QueryServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ci-metrics-deployment-'));
    aws = await startMiniStack();
    cloudwatch = await startCloudWatchFake({ namespaces: ['CI', 'Buildkite'] });
    prometheus = await startPrometheus();
    buildkite = await startLoopbackServer(sourceSubjects.buildkite.healthy);
    await writeFile(
      join(folder, 'collector.yaml'),
      `collector: ministack
sources:
  - kind: buildkite
    name: main
    endpoint: ${buildkite.url}/v3
    agentTokens: [{ secret: ci-metrics/buildkite, key: agentToken }]
sinks:
  - kind: cloudwatch
  - kind: remote-write
    url: ${prometheus.url}/api/v1/write
alarms:
  queues: [{ source: main, scope: Linux, queue: default }]
`,
    );
    await cdk('bootstrap', 'aws://000000000000/us-east-1');
    await cdk('deploy', '--require-approval', 'never', '--outputs-file', join(folder, 'outputs.json'));
  }, 300_000);

  afterAll(async () => {
    await Promise.all([aws, prometheus].map((server) => server[Symbol.asyncDispose]()));
    await Promise.all([buildkite.close(), cloudwatch.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function cdk(...args: readonly string[]): Promise<string> {
    const context = ['-c', `config=${join(folder, 'collector.yaml')}`, '-c', 'emulator=1'];
    const endpoint = ['-c', `cloudWatchEndpoint=${cloudwatch.url}`, '--output', join(folder, 'cdk.out')];
    const { stdout, stderr } = await run('cdk', [...args, ...context, ...endpoint, '--no-notices'], {
      cwd: repository,
      env: { ...process.env, ...aws.environment, CI: 'true' },
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout + stderr;
  }

  function secretsManager(): SecretsManagerClient {
    return new SecretsManagerClient({
      endpoint: aws.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  }

  it('prints the command that fills the secret, and where to look', async () => {
    const outputs = JSON.stringify(JSON.parse(await readFile(join(folder, 'outputs.json'), 'utf8')));

    expect(outputs).toContain('put-secret-value --region us-east-1 --secret-id ci-metrics/buildkite');
    expect(outputs).toContain('#dashboards/dashboard/');
  });

  it(
    'collects by its schedule once the secret is filled, and the metrics can be read back',
    { timeout: 180_000 },
    async () => {
      const secrets = secretsManager();
      const value = JSON.stringify({ agentToken: canaries.token });
      await secrets.send(new PutSecretValueCommand({ SecretId: 'ci-metrics/buildkite', SecretString: value }));

      // The schedule fires once a minute.
      await eventually(
        () => Promise.resolve(cloudwatch.datums.length),
        (count) => count > 0,
        150_000,
      );

      const datums = cloudwatch.datums.map(({ namespace, name, dimensions, values }) => ({
        namespace,
        name,
        dimensions: Object.fromEntries(dimensions.map((dimension) => [dimension.name, dimension.value])),
        values,
      }));
      expect(datums).toContainEqual({
        namespace: 'Buildkite',
        name: 'ScheduledJobsCount',
        dimensions: { Org: 'acme', Cluster: 'Linux', Queue: 'default' },
        values: [2],
      });
      expect(datums).toContainEqual({
        namespace: 'CI',
        name: 'StarvedJobs',
        dimensions: { System: 'buildkite', Source: 'main', Scope: 'Linux', Queue: 'default' },
        values: [0],
      });
      expect(buildkite.requests.at(-1)?.headers['authorization']).toBe(`Token ${canaries.token}`);
      const stored = await eventually(
        () => prometheus.query('ci_queue_jobs{queue="default",state="queued"}'),
        (series) => series.length > 0,
      );
      expect(stored).toMatchObject([
        { value: '2', labels: { collector: 'ministack', source: 'main', scope: 'Linux' } },
      ]);
    },
  );

  it('leaves the filled secret behind when it is destroyed, and no function', { timeout: 120_000 }, async () => {
    await cdk('destroy', '--force');

    const { SecretString: value } = await secretsManager().send(
      new GetSecretValueCommand({ SecretId: 'ci-metrics/buildkite' }),
    );
    expect(value).toContain('agentToken');
    const functions: unknown = await (await fetch(`${aws.url}/2015-03-31/functions/`)).json();
    expect(functions).toMatchObject({ Functions: [] });
  });
});
