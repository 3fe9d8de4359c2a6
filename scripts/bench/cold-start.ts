/** Measures the cold start and the size of the bundled functions. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { buildNodeEnvironment } from '../../infra/function/node-environment.ts';
import { Deployment } from '../../lambda/config/deployment.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { findLeast } from '../../lambda/model/lists/extremes.ts';
import { configFor, sinkKinds } from './configs.ts';
import { median } from './figures/median.ts';
import { startReceivers } from './start-receivers.ts';

export interface ColdStart {
  readonly name: string;
  /** Size of the bundle's code, without what only stack traces read. */
  readonly bundleBytes: number;
  /** Size of the bundle's files that Node read with this configuration. */
  readonly loadedBytes: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Of the times, to an empty Node process of the same run. */
  readonly ratio: number;
}

export interface ColdStarts {
  readonly empty: Start;
  readonly sets: readonly ColdStart[];
}

/** From the start of the process to its end. */
interface Start {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Enough for a stable median on a machine that does other things as well. */
export const repetitions = 15;

/** Tells the CPU time of the process and ends it. */
const end = `
const { user, system } = process.cpuUsage();
process.stderr.write(JSON.stringify((user + system) / 1000));
process.exit(0);
`;

const context = '{ awsRequestId: "bench", getRemainingTimeInMillis: () => 40000 }';

/** Loads the bundle as the Lambda runtime does, and answers one event. */
const invoke = `
const { handler } = await import(process.argv[1]);
await handler({}, ${context});
${end}`;

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
      const times: Start[] = [];
      return { name, start: (script: string) => node(script, asset, receivers.port), asset, times };
    });
    const emptyTimes: Start[] = [];
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      emptyTimes.push(timed(() => node(end, folder, receivers.port)));
      for (const { start, times } of started) times.push(timed(() => start(invoke)));
    }
    const empty = typical(emptyTimes);
    const result = started.map(({ name, start, asset, times }) => {
      const { wallMs, cpuMs } = typical(times);
      const loadedBytes = sizeOf(filesIn(start(invokeAndList), asset));
      return { name, bundleBytes: sizeOf(codeIn(asset)), loadedBytes, wallMs, cpuMs, ratio: wallMs / empty.wallMs };
    });
    return { empty, sets: result };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param work returns what a process told as its CPU time. */
function timed(work: () => string): Start {
  const startedMs = performance.now();
  const cpuMs = z.number().parse(JSON.parse(work()));
  return { wallMs: performance.now() - startedMs, cpuMs };
}

/** The median of the times; of the CPU times the least, because other programs only add to them. */
function typical(starts: readonly Start[]): Start {
  return {
    wallMs: median(starts.map(({ wallMs }) => wallMs)),
    cpuMs: findLeast(starts.map(({ cpuMs }) => cpuMs)) ?? 0,
  };
}

function node(script: string, asset: string, port: number): string {
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script, join(asset, 'index.mjs')], {
    encoding: 'utf8',
    env: {
      ...buildNodeEnvironment(Deployment.parse({}).memoryMegabytes),
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

function filesIn(listing: string, asset: string): readonly string[] {
  const urls = z.array(z.string()).parse(JSON.parse(listing));
  return urls
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url))
    .filter((path) => path.startsWith(asset));
}

function codeIn(asset: string): readonly string[] {
  return readdirSync(asset)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => join(asset, file));
}

function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}
