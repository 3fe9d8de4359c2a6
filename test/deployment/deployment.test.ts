/** Tests of the deployed stack in an AWS emulator: counting, events, schedule, redeployment and rights. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobsFinished } from '../../lambda/model/catalogue/job-metrics.ts';
import { runsFinished } from '../../lambda/model/catalogue/run-metrics.ts';
import { functionStatements, isAllowed, type AwsCall } from '../infra/policies.ts';
import { callsOf, metricCall } from '../infra/recorded-calls.ts';
import { withMiniStack } from '../servers/ministack.ts';
import { type QueryServer, startPrometheus } from '../servers/prometheus.ts';
import { byParts, cloudWatchSums, prometheusTotals, type Sums } from '../support/counted-sums.ts';
import { type DeployedStack, emulatedStack, type RunAnswer } from './deployed-stack.ts';
import { createPartnerBus, openRule, partnerBus, tellOf } from './job-events.ts';
import { type SimulatedBuildkite, startSimulatedBuildkite } from '../demo/simulators/buildkite/simulated-buildkite.ts';

const minuteMs = 60_000;

/** The simulated vendor lives a minute or two behind the function's clock, which the function tells. */
function wrongIn({ sources }: RunAnswer): readonly object[] {
  return sources.flatMap(({ problems }) => problems.filter(({ kind }) => kind !== 'clock'));
}

/**
 * The real stack, deployed by the CDK CLI to an AWS emulator, with the real bundle that counts what a simulated
 * Buildkite finishes; its state is in the table of the stack. The tests build on each other: a deployment has one life.
 *
 * What MiniStack 1.5 cannot show, and what shows it instead:
 * - CloudWatch's limits, compression and partial failure (it takes NaN, and loses compressed requests): the metrics go
 *   to the strict fake in `test/support`.
 * - Composite alarms and alarms on expressions: it refuses them, so `-c emulator=1` leaves them out; `test/infra` holds
 *   them in the template.
 * - Who may call what: it enforces no policy; every call of the function is recorded here and simulated against the
 *   policies of the deployed template.
 * - Partner event buses: it drops what a partner puts (PutPartnerEvents) and refuses sources of `aws.…` to everybody
 *   else, so the deployed rule is made to listen to another source name; bus, detail types, transformer, target and
 *   queue are the deployed ones. That the queue's policy lets the rule in is held by `test/infra`.
 * - The scheduled time in the event (the placeholder arrives as it is), so ticks of other minutes are invoked by the
 *   test; the deadline (always five minutes left), retries and the dead-letter queue of the schedule: `test/function`
 *   and `test/infra`.
 */
withMiniStack('the stack, deployed', () => {
  let stack: DeployedStack;
  let buildkite: SimulatedBuildkite;
  let prometheus: QueryServer;
  /** The present minute when the ticks began; the first tick is two minutes before. */
  let baseMs = 0;
  const firstMs = (): number => baseMs - 2 * minuteMs;

  beforeAll(async () => {
    stack = await emulatedStack(['CI', 'Buildkite']);
    prometheus = await startPrometheus();
    buildkite = await startSimulatedBuildkite(Date.now() - 4 * minuteMs);
    await createPartnerBus(stack);
    await stack.deploy(configuration('disabled', 2));
    await openRule(stack);
  }, 900_000);

  afterAll(async () => {
    await Promise.all([stack, prometheus].map((part) => part[Symbol.asyncDispose]()));
    await buildkite.server.close();
  });

  function configuration(schedule: 'enabled' | 'disabled', pollMinutes: number): string {
    const { endpoint, graphqlEndpoint, restEndpoint } = buildkite.server;
    return `collector: ministack
sources:
  - kind: buildkite
    name: main
    endpoint: ${endpoint}
    graphqlEndpoint: ${graphqlEndpoint}
    restEndpoint: ${restEndpoint}
    organization: acme
    agentTokens:
      - { secret: ci-metrics/buildkite, key: linux }
      - { secret: ci-metrics/buildkite, key: apple }
      - { secret: ci-metrics/buildkite, key: unclustered }
    apiToken: { secret: ci-metrics/buildkite, key: api }
    hostedQueues: [hosted]
    events: { bus: ${partnerBus}, pollMinutes: ${String(pollMinutes)} }
sinks:
  - kind: cloudwatch
  - kind: remote-write
    url: ${prometheus.url}/api/v1/write
alarms:
  queues: [{ source: main, scope: Linux, queue: default }]
deployment:
  schedule: ${schedule}
`;
  }

  const builds = (): Promise<Sums> =>
    prometheusTotals(prometheus, runsFinished, ['pipeline', 'result', 'attempt', 'branch']);
  const jobs = (): Promise<Sums> => prometheusTotals(prometheus, jobsFinished, ['scope', 'queue', 'result']);

  /** What both kinds of sink have, by labels. */
  async function counted(): Promise<Readonly<Record<string, Sums>>> {
    const { datums } = stack.cloudwatch;
    return {
      builds: await builds(),
      jobs: await jobs(),
      buildsInCloudWatch: cloudWatchSums(datums, runsFinished, ['Pipeline']),
      jobsInCloudWatch: cloudWatchSums(datums, jobsFinished, ['Scope', 'Queue']),
    };
  }

  /** What the fleet finished, in the same form: no more and no less. */
  function truth(): Readonly<Record<string, Sums>> {
    const finished = buildkite.finishedSince(firstMs());
    return { ...finished, buildsInCloudWatch: byParts(finished.builds, [0, 1]), jobsInCloudWatch: finished.jobs };
  }

  it('prints the command that fills the secret, and where to look', async () => {
    const outputs = await stack.outputs();

    expect(outputs).toContain('put-secret-value --region us-east-1 --secret-id ci-metrics/buildkite');
    expect(outputs).toContain('#dashboards/dashboard/');
  });

  it('begins to count with the first tick, and counts no history', { timeout: 300_000 }, async () => {
    await stack.putSecret('ci-metrics/buildkite', buildkite.tokens);
    baseMs = Math.floor(Date.now() / minuteMs) * minuteMs;
    buildkite.liveUntil(firstMs());

    const answer = await stack.tick(firstMs());

    expect(answer).toMatchObject({ sources: [{ counting: { finishes: 0 } }] });
    expect(wrongIn(answer)).toEqual([]);
    expect(await jobs()).toEqual({});
    expect(buildkite.server.requests.some(({ path }) => path.includes('/builds?'))).toBe(true);
    expect(buildkite.finishedSince(0).jobs).not.toEqual({});
  });

  it('counts jobs from events on the bus at once, without listing a build', { timeout: 300_000 }, async () => {
    const now = baseMs - minuteMs;
    buildkite.liveUntil(now);
    // The name `default` is in two clusters and an event names none, so those jobs are left to the poll.
    const told = buildkite.jobsFinishedSince(firstMs()).filter(({ at }) => at.queue !== 'default');
    await tellOf(stack, told);
    const listed = buildkite.server.requests.filter(({ path }) => path.includes('/builds?')).length;

    const answer = await stack.tick(now);

    expect(answer).toMatchObject({ sources: [{ counting: { finishes: told.length } }] });
    expect(wrongIn(answer)).toEqual([]);
    expect(told.length).toBeGreaterThan(5);
    const ofDefault = (key: string): boolean => key.split('|')[1] === 'default';
    const placed = Object.entries(buildkite.finishedSince(firstMs()).jobs).filter(([key]) => !ofDefault(key));
    expect(await jobs()).toEqual(Object.fromEntries(placed));
    expect(await builds()).toEqual({});
    expect(buildkite.server.requests.filter(({ path }) => path.includes('/builds?'))).toHaveLength(listed);
  });

  it(
    'counts once what events told, told again and the poll lists, in one of two runs of the same tick',
    { timeout: 300_000 },
    async () => {
      buildkite.liveUntil(baseMs);
      await tellOf(stack, buildkite.jobsFinishedSince(firstMs()));

      const answers = await Promise.all([stack.tick(baseMs), stack.tick(baseMs)]);

      expect(answers.filter(({ sources }) => sources[0]?.status === 'skipped')).toHaveLength(1);
      expect(await counted()).toEqual(truth());
      const results = Object.keys(buildkite.finishedSince(firstMs()).jobs).map((key) => key.split('|').at(-1));
      expect(results).toEqual(expect.arrayContaining(['success', 'failure']));
    },
  );

  it('adds nothing for a tick that comes again, nor for one that comes late', { timeout: 300_000 }, async () => {
    const delivered = stack.cloudwatch.datums.length;
    await tellOf(stack, buildkite.jobsFinishedSince(firstMs()));

    const again = await stack.tick(baseMs);
    const late = await stack.tick(baseMs - minuteMs);

    expect([again, late]).toMatchObject([{ sources: [{ status: 'skipped' }] }, { sources: [{ status: 'skipped' }] }]);
    expect(stack.cloudwatch.datums).toHaveLength(delivered);
    expect(await counted()).toEqual(truth());
  });

  it('goes on by its schedule after the next deployment, from the same totals', { timeout: 600_000 }, async () => {
    const before = byParts(await jobs(), [0]);
    await stack.deploy(configuration('enabled', 1));
    buildkite.liveUntil(Date.now());

    // The schedule fires once a minute.
    await expect.poll(counted, { timeout: 360_000, interval: 500 }).toEqual(truth());

    expect(byParts(await jobs(), [0])['Linux']).toBeGreaterThan(before['Linux'] ?? Infinity);
    const gauge = await prometheus.query('ci_queue_jobs{scope="Linux",queue="default",state="queued"}');
    expect(gauge).toMatchObject([{ labels: { collector: 'ministack', source: 'main' } }]);
    expect(stack.cloudwatch.datums.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ScheduledJobsCount', 'StarvedJobs', 'OldestQueuedJobAge', 'JobWaitTime', 'RunDuration']),
    );
  });

  it('makes no call to AWS that the deployed policies do not allow', async () => {
    // An emulator names what has no name as CloudFormation does: stack, logical id, some letters.
    const logical = (name: string): string => name.replace(/^ministack-(.+)-[A-Za-z0-9]+$/, '$1');
    const calls = [
      ...stack.calls.requests.flatMap((request) => callsOf(request, logical)),
      ...stack.cloudwatch.requests.map(metricCall),
    ];
    const statements = functionStatements(await stack.template());

    const refused: AwsCall[] = [];
    const different = new Map(calls.map((call) => [JSON.stringify(call), call]));
    for (const call of different.values()) if (!(await isAllowed(statements, call))) refused.push(call);

    expect(refused).toEqual([]);
    expect([...new Set(calls.map(({ action }) => action))].sort()).toEqual([
      'cloudwatch:PutMetricData',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'secretsmanager:GetSecretValue',
      'sqs:DeleteMessage',
      'sqs:ReceiveMessage',
    ]);
  });

  it('leaves the totals and the filled secret behind when it is destroyed, and no function', async () => {
    await stack.destroy();

    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const secrets = new SecretsManagerClient({ endpoint: stack.aws.url, region: 'us-east-1', credentials });
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'ci-metrics/buildkite' }));
    secrets.destroy();
    expect(SecretString).toContain(buildkite.tokens.linux);
    const tables = await stack.call('DynamoDB_20120810.ListTables', {});
    expect(JSON.stringify(tables)).toContain('State');
    expect(await stack.functions()).toEqual([]);
  }, 300_000);
});
