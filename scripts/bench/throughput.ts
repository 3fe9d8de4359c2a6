/** Measures runs of the pipeline with many queues: time, memory, and the share of each sink. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { buildNodeEnvironment } from '../../infra/function/node-environment.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { configFor, type MeasuredSink, sinkKinds } from './configs.ts';
import { median } from './figures/median.ts';
import { startReceivers } from './start-receivers.ts';

const Measured = z.object({
  outcome: z.string(),
  problems: z.array(z.unknown()),
  wallMs: z.number(),
  cpuMs: z.number(),
  rssMiB: z.number(),
  samples: z.array(z.number()),
  sinks: z.array(z.object({ name: z.string(), accepted: z.number(), requests: z.number(), bytes: z.number() })),
});

const Result = z.object({
  first: Measured,
  warm: z.array(Measured),
  peakRssMiB: z.number(),
  leastPutRequests: z.number(),
});

export interface Throughput {
  readonly queues: number;
  readonly samples: number;
  readonly cold: { readonly wallMs: number; readonly cpuMs: number };
  /** The median of the warm runs. */
  readonly warm: { readonly wallMs: number; readonly cpuMs: number };
  readonly peakRssMiB: number;
  readonly sinks: readonly {
    readonly name: string;
    readonly accepted: number;
    readonly requests: number;
    readonly bytes: number;
    /** What the backend's limit of samples a request allows at best, namespace by namespace. */
    readonly leastRequests?: number;
  }[];
}

const warmRuns = 5;

/** Other programs only add to the CPU time of a run, so the least of a few is nearest to what it takes. */
export const processes = 3;

/** Enough for a leak of one object a queue to show, and to tell it from caches that fill up. */
const warmRunsForLeaks = 30;

/** One cold and a few warm runs of the real pipeline, in processes of their own. */
export async function throughput(queues: number): Promise<Throughput> {
  await using receivers = await startReceivers(queues);
  const results: Throughput[] = [];
  for (let count = 0; count < processes; count += 1)
    results.push(summary(queues, await runPipeline(receivers.port, warmRuns, [])));
  return results.reduce((best, next) => ({
    ...best,
    cold: lessOf(best.cold, next.cold),
    warm: lessOf(best.warm, next.warm),
    peakRssMiB: Math.max(best.peakRssMiB, next.peakRssMiB),
  }));
}

function lessOf(a: Throughput['cold'], b: Throughput['cold']): Throughput['cold'] {
  return a.cpuMs <= b.cpuMs ? a : b;
}

export interface WarmMemory {
  readonly queues: number;
  readonly runs: number;
  /** Resident memory after every fifth run and a garbage collection; flat means no leak. */
  readonly rssMiB: readonly number[];
}

/** Resident memory over many warm runs of one process. */
export async function warmMemory(queues: number): Promise<WarmMemory> {
  await using receivers = await startReceivers(queues);
  const { warm } = await runPipeline(receivers.port, warmRunsForLeaks, ['--expose-gc']);
  const rssMiB = warm.filter((_, index) => (index + 1) % 5 === 0).map((run) => run.rssMiB);
  return { queues, runs: warmRunsForLeaks, rssMiB };
}

/** One sink by itself: what a run takes beyond reading the source and sending nothing to speak of. */
export interface SinkCost {
  readonly queues: number;
  readonly name: MeasuredSink;
  readonly accepted: number;
  readonly requests: number;
  readonly bytes: number;
  readonly firstCpuMs: number;
  /** The median of the warm runs. */
  readonly warmCpuMs: number;
  /** CPU time that no program can avoid, in this run on this machine: the JSON parsed, the bodies compressed. */
  readonly limitMs: number;
  readonly peakRssMiB: number;
}

/** The least of a few processes, as for all sinks together. */
export async function sinkCost(queues: number, name: MeasuredSink): Promise<SinkCost> {
  await using receivers = await startReceivers(queues);
  const results: SinkCost[] = [];
  for (let count = 0; count < processes; count += 1) {
    const result = await runPipeline(receivers.port, warmRuns, [], [name]);
    const { cold, warm, peakRssMiB, sinks } = summary(queues, result);
    const [sent] = sinks;
    if (sent === undefined) throw new Error(`the run with ${name} had no sink`);
    const { accepted, requests, bytes } = sent;
    const limitMs = await receivers.measureLimit(warmRuns + 1);
    results.push({
      queues,
      name,
      accepted,
      requests,
      bytes,
      firstCpuMs: cold.cpuMs,
      warmCpuMs: warm.cpuMs,
      limitMs,
      peakRssMiB,
    });
  }
  return results.reduce((best, next) => ({
    ...(next.warmCpuMs < best.warmCpuMs ? next : best),
    limitMs: Math.min(best.limitMs, next.limitMs),
  }));
}

/** Runs the bundle and not the sources, which would take 40 MB more than what is deployed. */
async function runPipeline(
  port: number,
  warmRuns: number,
  flags: readonly string[],
  kinds: readonly MeasuredSink[] = sinkKinds,
): Promise<z.infer<typeof Result>> {
  const config = configFor(port, kinds, { env: 'BENCH_TOKEN' });
  const checked = CollectorConfig.parse(config);
  const directory = mkdtempSync(join(tmpdir(), 'ci-metrics-bench-'));
  try {
    bundleFunction({ directory, config: checked, entry: 'scripts/bench/pipeline.ts' });
    const args = [...flags, join(directory, 'index.mjs'), JSON.stringify({ config, warmRuns })];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        ...buildNodeEnvironment(checked.deployment.memoryMegabytes),
        BENCH_TOKEN: 'bench-token',
        AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${String(port)}`,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    });
    return Result.parse(JSON.parse(stdout));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function summary(queues: number, { first, warm, peakRssMiB, leastPutRequests }: z.infer<typeof Result>): Throughput {
  const failed = [first, ...warm].find(({ outcome }) => outcome !== 'ok');
  if (failed !== undefined) throw new Error(`a run was ${failed.outcome}: ${JSON.stringify(failed.problems)}`);
  return {
    queues,
    samples: first.samples.reduce((sum, samples) => sum + samples, 0),
    cold: { wallMs: first.wallMs, cpuMs: first.cpuMs },
    warm: { wallMs: median(warm.map(({ wallMs }) => wallMs)), cpuMs: median(warm.map(({ cpuMs }) => cpuMs)) },
    peakRssMiB,
    sinks: first.sinks.map((sink) =>
      sink.name === 'cloudwatch' ? { ...sink, leastRequests: leastPutRequests } : sink,
    ),
  };
}
