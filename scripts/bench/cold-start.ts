import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle.ts';
import { nodeOptionsFor } from '../../infra/node-options.ts';
import { Deployment } from '../../lambda/config/deployment.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { configFor, sinkKinds } from './configs.ts';
import { median } from './median.ts';
import { startReceivers } from './start-receivers.ts';

export interface ColdStart {
  readonly name: string;
  /** Size of the bundle's files that Node read with this configuration. */
  readonly loadedBytes: number;
  readonly medianMs: number;
  /** To an empty Node process of the same run. */
  readonly ratio: number;
}

export interface ColdStarts {
  readonly emptyMs: number;
  readonly sets: readonly ColdStart[];
}

/** Enough for a stable median on a machine that does other things as well. */
const repetitions = 15;

const context = '{ awsRequestId: "bench", getRemainingTimeInMillis: () => 40000 }';

/** Loads the bundle as the Lambda runtime does, and answers one event. */
const invoke = `
const { handler } = await import(process.argv[1]);
await handler({}, ${context});
process.exit(0);
`;

/** The same, and tells which files Node read; apart, because the hook takes time of its own. */
const invokeAndList = `
import { registerHooks } from 'node:module';
const urls = [];
registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
const { handler } = await import(process.argv[1]);
await handler({}, ${context});
process.stderr.write(JSON.stringify(urls));
process.exit(0);
`;

const sets = [...sinkKinds.map((kind) => ({ name: kind, kinds: [kind] })), { name: 'all three', kinds: sinkKinds }];

/** First invocations in fresh processes, each set of sinks in turn with an empty Node process. */
export async function coldStarts(): Promise<ColdStarts> {
  await using receivers = await startReceivers(10);
  const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-bench-'));
  try {
    const started = sets.map(({ name, kinds }) => {
      const asset = join(folder, name);
      mkdirSync(asset);
      const config = configFor(receivers.port, kinds, { secret: 'ci-metrics/buildkite' });
      bundleFunction({ directory: asset, config: CollectorConfig.parse(config) });
      return { name, start: (script: string) => node(script, asset, receivers.port), asset, times: [] as number[] };
    });
    const empty: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      empty.push(timed(() => spawnSync(process.execPath, ['-e', ''])));
      for (const { start, times } of started) times.push(timed(() => start(invoke)));
    }
    const emptyMs = median(empty);
    const result = started.map(({ name, start, asset, times }) => {
      const medianMs = median(times);
      return { name, loadedBytes: sizeOf(start(invokeAndList), asset), medianMs, ratio: medianMs / emptyMs };
    });
    return { emptyMs, sets: result };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timed(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

function node(script: string, asset: string, port: number): string {
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script, join(asset, 'index.mjs')], {
    encoding: 'utf8',
    env: {
      NODE_OPTIONS: nodeOptionsFor(Deployment.parse({}).memoryMegabytes),
      LAMBDA_TASK_ROOT: asset,
      COLLECTOR_LOOPBACK: 'allow',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${String(port)}`,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  if (result.status !== 0) throw new Error(`the bundle failed:\n${result.stdout}\n${result.stderr}`);
  return result.stderr;
}

function sizeOf(listing: string, asset: string): number {
  const urls = z.array(z.string()).parse(JSON.parse(listing));
  return urls
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url))
    .filter((path) => path.startsWith(asset))
    .reduce((sum, path) => sum + statSync(path).size, 0);
}
