/** Tests of the bundled function over its state: warm and cold starts, repeated ticks, events and throttling. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { jobsFinished } from '../../lambda/model/catalogue/job-metrics.ts';
import { runsFinished } from '../../lambda/model/catalogue/run-metrics.ts';
import { jobFinishedDetail } from '../demo/simulators/buildkite/job-finished-detail.ts';
import {
  type EndedJob,
  type SimulatedBuildkite,
  startSimulatedBuildkite,
} from '../demo/simulators/buildkite/simulated-buildkite.ts';
import { type AwsCall, functionStatements, isAllowed } from '../infra/policies.ts';
import { callsOf, metricCall, secretCalls } from '../infra/recorded-calls.ts';
import { synthesise } from '../infra/synthesis.ts';
import { startAwsPath } from '../servers/aws-path.ts';
import { type InvocationEnd, type RunningLambda, startLambda, withRuntimeClient } from '../servers/lambda-runtime.ts';
import { type AwsServer, startMoto, withMoto } from '../servers/moto.ts';
import { type CloudWatchFake, startCloudWatchFake } from '../support/backends/cloudwatch-fake.ts';
import type { StoredDatum } from '../support/backends/cloudwatch-fake-rules.ts';
import { byParts, cloudWatchSums } from '../support/counted-sums.ts';
import type { LoopbackServer } from '../support/network/loopback-server.ts';
import { type SecretsManagerFake, startSecretsManagerFake } from '../support/aws/secrets-manager-fake.ts';

const minuteMs = 60_000;
/** As the sample account of `test/infra` names them, so that calls can be judged by the template's policies. */
const table = 'CollectorState537F4057';
const queue = 'CollectorEventsQueuemainCDC31C3A';

const Ended = z.object({
  outcome: z.string(),
  sources: z.tuple([
    z.looseObject({ status: z.string(), problems: z.array(z.looseObject({ kind: z.string() })).default([]) }),
  ]),
  sinks: z.array(z.looseObject({ pending: z.number().default(0), unconfirmed: z.number().default(0) })),
});
type Ended = z.infer<typeof Ended>;

/** The deployed bundle with its memory in moto's DynamoDB and its events in moto's SQS, over cold and warm starts. */
withMoto('counting under the Lambda runtime, with moto', () => {
  withRuntimeClient('and the runtime interface client', () => {
    let folder: string;
    let moto: AwsServer;
    let path: LoopbackServer;
    let buildkite: SimulatedBuildkite;
    let cloudwatch: CloudWatchFake;
    let secrets: SecretsManagerFake;
    let queueUrl: string;
    let baseMs: number;
    let asset: string;
    let config: CollectorConfig;

    const firstMs = (): number => baseMs - 2 * minuteMs;

    beforeAll(async () => {
      moto = await startMoto();
    });

    afterAll(async () => {
      await moto.close();
    });

    beforeEach(async () => {
      await fetch(`${moto.url}/moto-api/reset`, { method: 'POST' });
      folder = await mkdtemp(join(tmpdir(), 'ci-metrics-counting-'));
      [cloudwatch, secrets] = await Promise.all([
        startCloudWatchFake({ namespaces: ['CI', 'Buildkite'] }),
        startSecretsManagerFake(),
      ]);
      path = await startAwsPath(moto.url);
      queueUrl = await createTableAndQueue(moto);
      baseMs = Math.floor(Date.now() / minuteMs) * minuteMs;
      buildkite = await startSimulatedBuildkite(firstMs());
      secrets.stored.set('ci-metrics/buildkite', { text: JSON.stringify(buildkite.tokens) });
      config = configured(buildkite);
      asset = bundleFunction({ directory: await mkdtemp(join(folder, 'asset')), config }).directory;
    }, 300_000);

    afterEach(async () => {
      await Promise.all([path.close(), cloudwatch.close(), buildkite.server.close()]);
      await secrets[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    function start(timeoutMs = 50_000): Promise<RunningLambda> {
      return startLambda({
        asset,
        timeoutMs,
        environment: {
          COLLECTOR_LOOPBACK: 'allow',
          COLLECTOR_STATE_TABLE: table,
          COLLECTOR_EVENT_QUEUES: JSON.stringify({ main: queueUrl }),
          AWS_ENDPOINT_URL_DYNAMODB: path.url,
          AWS_ENDPOINT_URL_SQS: path.url,
          AWS_ENDPOINT_URL_CLOUDWATCH: cloudwatch.url,
          AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.clientConfig.endpoint,
        },
      });
    }

    async function tick(lambda: RunningLambda, minutes: number): Promise<Ended> {
      const scheduledMs = firstMs() + minutes * minuteMs;
      buildkite.liveUntil(scheduledMs);
      return endOf(await lambda.invoke({ scheduledTime: new Date(scheduledMs).toISOString() }));
    }

    async function tellOf(jobs: readonly EndedJob[]): Promise<void> {
      const client = new SQSClient(moto.clientConfig);
      for (let from = 0; from < jobs.length; from += 10) {
        const Entries = jobs.slice(from, from + 10).map((ended, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify({ event: 'Job Finished', body: jobFinishedDetail(ended) }),
        }));
        await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      }
      client.destroy();
    }

    function expectTruth(datums: readonly StoredDatum[]): void {
      const truth = buildkite.finishedSince(firstMs());
      expect(cloudWatchSums(datums, jobsFinished, ['Scope', 'Queue'])).toEqual(truth.jobs);
      expect(cloudWatchSums(datums, runsFinished, ['Pipeline'])).toEqual(byParts(truth.builds, [0, 1]));
    }

    it('goes on in the second, warm run and after a cold start, with one read and one write a document', async () => {
      await using warm = await start();
      await tick(warm, 0);
      const second = await tick(warm, 1);
      // The simulated vendor lives a minute or two behind the function's clock, which is told; nothing else is wrong.
      const [{ status, problems }] = second.sources;
      expect({ status, other: problems.filter(({ kind }) => kind !== 'clock') }).toEqual({
        status: 'complete',
        other: [],
      });
      expect(Object.keys(buildkite.finishedSince(firstMs()).jobs).length).toBeGreaterThan(3);
      expectTruth(cloudwatch.datums);

      await using cold = await start();
      await tick(cold, 2);

      expectTruth(cloudwatch.datums);
      const operations = path.requests.map(({ headers }) => headers['x-amz-target'] ?? '');
      // The state of the source and the outbox of the sink, in each of three runs.
      expect(operations.filter((target) => target.endsWith('.GetItem'))).toHaveLength(6);
      expect(operations.filter((target) => target.endsWith('.PutItem'))).toHaveLength(6);
    }, 300_000);

    it('counts a tick once, in whatever process it comes again and at the same time', async () => {
      await using first = await start();
      await using other = await start();
      await tick(first, 0);

      const ends = await Promise.all([tick(first, 1), tick(other, 1)]);
      const late = await tick(other, 0);

      expect(ends.map(({ sources }) => sources[0].status).sort()).toEqual(['complete', 'skipped']);
      expect(late.sources[0].status).toBe('skipped');
      expectTruth(cloudwatch.datums);
    }, 300_000);

    it('counts a job once that an event told and the poll lists', async () => {
      await using lambda = await start();
      await tick(lambda, 0);
      buildkite.liveUntil(firstMs() + minuteMs);
      await tellOf(buildkite.jobsFinishedSince(firstMs()));

      await tick(lambda, 1);
      await tellOf(buildkite.jobsFinishedSince(firstMs()));
      await tick(lambda, 2);

      expectTruth(cloudwatch.datums);
    }, 300_000);

    it('keeps what CloudWatch throttles for the next run, even of another process', async () => {
      await using first = await start();
      await tick(first, 0);
      cloudwatch.fail({ mode: 'throttle', times: 1000, namespace: 'CI' });
      const throttled = await tick(first, 1);
      const before = [...cloudwatch.datums];
      cloudwatch.clear();

      await using next = await start();
      const after = await tick(next, 2);

      expect(cloudWatchSums(before, jobsFinished, ['Scope', 'Queue'])).toEqual({});
      expect(throttled.sinks[0]?.pending).toBeGreaterThan(0);
      expect(after.sinks[0]?.pending).toBe(0);
      expectTruth(cloudwatch.datums);
      // In the minute in which they finished as far as the run knew, not in that of the second attempt.
      const minutes = new Set(
        cloudwatch.datums.filter(({ name }) => name === 'SucceededJobs').map((datum) => datum.timestampMs),
      );
      expect([...minutes].sort()).toEqual([firstMs() + minuteMs, firstMs() + 2 * minuteMs]);
    }, 300_000);

    it('sends nothing twice whose answer was lost, and tells how much that was', async () => {
      await using lambda = await start();
      await tick(lambda, 0);
      cloudwatch.fail({ mode: 'take-then-reset', times: 1000, namespace: 'CI' });
      const lost = await tick(lambda, 1);
      const stored = [...cloudwatch.datums];
      cloudwatch.clear();

      const after = await tick(lambda, 2);

      expect(lost.sinks[0]?.unconfirmed).toBeGreaterThan(0);
      expect(lost.sinks[0]?.pending).toBe(0);
      expect(after.sinks[0]?.unconfirmed).toBe(0);
      expectTruth([...stored, ...cloudwatch.datums]);
    }, 300_000);

    it('makes no call to AWS that the stack does not allow, and has hardly a right that it does not use', async () => {
      await using lambda = await start();
      await tick(lambda, 0);
      buildkite.liveUntil(firstMs() + minuteMs);
      await tellOf(buildkite.jobsFinishedSince(firstMs()));
      await tick(lambda, 1);

      const calls = [
        ...path.requests.flatMap((request) => callsOf(request)),
        ...cloudwatch.requests.map(metricCall),
        ...secrets.calls.flatMap(({ operation, ids }) => secretCalls(operation, ids)),
      ];
      const statements = functionStatements(synthesise(config).template);
      const refused: AwsCall[] = [];
      const different = new Map(calls.map((call) => [JSON.stringify(call), call]));
      for (const call of different.values()) if (!(await isAllowed(statements, call))) refused.push(call);

      expect(refused).toEqual([]);
      const made = new Set(calls.map(({ action }) => action));
      const rights = statements
        // It is Lambda itself that hands over a failed run, in the name of the function.
        .filter(({ Resource }) => !Resource.some((resource) => resource.includes('DeadLetters')))
        .flatMap(({ Action }) => Action)
        .filter((action) => /^(cloudwatch|dynamodb|secretsmanager|sqs):/.test(action));
      // The parts of a document that outgrew an item are what is deleted: `test/counters/stores`.
      expect(rights.filter((action) => !made.has(action))).toEqual(['dynamodb:DeleteItem']);
    }, 300_000);
  });
});

function configured({ server }: SimulatedBuildkite): CollectorConfig {
  const secret = 'ci-metrics/buildkite';
  return CollectorConfig.parse({
    collector: 'counting',
    sources: [
      {
        kind: 'buildkite',
        name: 'main',
        endpoint: server.endpoint,
        graphqlEndpoint: server.graphqlEndpoint,
        restEndpoint: server.restEndpoint,
        organization: 'acme',
        agentTokens: ['linux', 'apple', 'unclustered'].map((key) => ({ secret, key })),
        apiToken: { secret, key: 'api' },
        hostedQueues: ['hosted'],
        events: { bus: 'aws.partner/buildkite.com/acme/1234abcd', pollMinutes: 1 },
      },
    ],
    sinks: [{ kind: 'cloudwatch' }],
  });
}

async function createTableAndQueue({ clientConfig }: AwsServer): Promise<string> {
  const [dynamodb, sqs] = [new DynamoDBClient(clientConfig), new SQSClient(clientConfig)];
  await dynamodb.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'part', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'part', KeyType: 'RANGE' },
      ],
    }),
  );
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: queue }));
  dynamodb.destroy();
  sqs.destroy();
  return QueueUrl;
}

function endOf(end: InvocationEnd): Ended {
  if (end.kind !== 'response') throw new Error(`the invocation ended otherwise: ${JSON.stringify(end)}`);
  return Ended.parse(end.body);
}
