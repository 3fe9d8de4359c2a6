/** Runs the whole function over simulated time against AWS services on loopback, and adds up what they received. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import * as z from 'zod';
import { extractRuntimeConfig } from '../../lambda/config/runtime-config.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { type Metered, startMeteredTable } from '../../scripts/counting/metered-table.ts';
import { startCloudWatchFake } from '../support/backends/cloudwatch-fake.ts';
import { startSecretsManagerFake } from '../support/aws/secrets-manager-fake.ts';
import type { SimulatedSystem } from './systems.ts';
import { minuteMs } from '../../lambda/model/time.ts';

/** What the services received of so many runs. */
export interface Received {
  readonly runs: number;
  /** Namespace, name and dimensions of every metric that was sent; one entry each. */
  readonly metrics: ReadonlySet<string>;
  /** The same of those in the log. */
  readonly logged: ReadonlySet<string>;
  readonly requests: number;
  /** Of the bodies, as they were sent. */
  readonly bytes: number;
  readonly secretCalls: number;
  readonly secretIds: ReadonlySet<string>;
  readonly table: Metered;
  readonly logBytes: number;
}

export interface Observation {
  readonly config: CollectorConfig;
  readonly system: SimulatedSystem;
  readonly startMs: number;
  /** Runs before the count begins: what a source has not seen yet, it does not send. */
  readonly warmUpRuns: number;
  readonly runs: number;
}

/** Everything is stopped and put back when it ends. */
export async function observe({ config, system, startMs, warmUpRuns, runs }: Observation): Promise<Received> {
  await using opened = new AsyncDisposableStack();
  const cloudwatch = await startCloudWatchFake();
  opened.defer(() => cloudwatch.close());
  const secrets = opened.use(await startSecretsManagerFake());
  for (const [id, text] of Object.entries(system.secrets)) secrets.stored.set(id, { text });
  const table = opened.use(await startMeteredTable());
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-cost-'));
  opened.defer(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'collector.json'), JSON.stringify(extractRuntimeConfig(config)));
  liveAsFunction(folder, {
    AWS_ENDPOINT_URL_CLOUDWATCH: cloudwatch.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.clientConfig.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
  });
  opened.defer(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });
  const log = captureLog();
  opened.defer(log.stop);

  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  vi.resetModules();
  const { handler } = await import('../../lambda/handler.ts');
  const tick = async (number: number): Promise<void> => {
    const dueMs = startMs + number * minuteMs;
    vi.setSystemTime(dueMs);
    system.liveUntil(dueMs);
    const event = { scheduledTime: new Date(dueMs).toISOString() };
    const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => minuteMs };
    await handler(event, context);
  };
  for (let number = 0; number < warmUpRuns; number += 1) await tick(number);
  cloudwatch.clear();
  secrets.calls.length = 0;
  table.take();
  log.clear();
  for (let number = warmUpRuns; number < warmUpRuns + runs; number += 1) await tick(number);

  const lines = log.lines();
  return {
    runs,
    metrics: new Set(cloudwatch.datums.map((datum) => metricId(datum.namespace, datum.name, datum.dimensions))),
    logged: new Set(lines.flatMap(embeddedMetrics)),
    requests: cloudwatch.requests.length,
    bytes: cloudwatch.requests.reduce((sum, { bytes }) => sum + bytes, 0),
    secretCalls: secrets.calls.length,
    secretIds: new Set(secrets.calls.flatMap(({ ids }) => ids)),
    table: table.take(),
    logBytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
  };
}

/** As long as Lambda's own. */
const requestId = '8f507cfc-0000-4697-b07a-ac58fc914c95';

function liveAsFunction(folder: string, endpoints: Readonly<Record<string, string>>): void {
  const variables = {
    ...endpoints,
    LAMBDA_TASK_ROOT: folder,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    COLLECTOR_LOOPBACK: 'allow',
    COLLECTOR_STATE_TABLE: 'state',
    POWERTOOLS_DEV: undefined,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

interface CapturedLog {
  lines(): readonly string[];
  clear(): void;
  readonly stop: () => void;
}

/** The function's standard output, which AWS Lambda makes its log of. */
function captureLog(): CapturedLog {
  let text = '';
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  });
  return {
    lines: () => text.split('\n').filter((line) => line.startsWith('{')),
    clear: () => {
      text = '';
    },
    stop: () => {
      written.mockRestore();
    },
  };
}

interface Dimension {
  readonly name: string;
  readonly value: string;
}

function metricId(namespace: string, name: string, dimensions: readonly Dimension[]): string {
  const sorted = dimensions.map((dimension) => `${dimension.name}=${dimension.value}`).sort();
  return `${namespace} ${name} {${sorted.join(', ')}}`;
}

const Directive = z.object({
  Namespace: z.string(),
  Dimensions: z.array(z.array(z.string())),
  Metrics: z.array(z.object({ Name: z.string() })),
});
const EmbeddedLine = z.looseObject({ _aws: z.object({ CloudWatchMetrics: z.array(Directive) }) });

/** The metrics that CloudWatch Logs makes of a line. */
function embeddedMetrics(line: string): readonly string[] {
  const { success, data } = EmbeddedLine.safeParse(JSON.parse(line));
  if (!success) return [];
  return data._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name }) =>
        metricId(
          Namespace,
          Name,
          names.map((name) => ({ name, value: String(data[name]) })),
        ),
      ),
    ),
  );
}
