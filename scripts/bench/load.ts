/** Measures what the deployed function does under a load that is too large for its memory, its CPU or its time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { buildNodeEnvironment } from '../../infra/function/node-environment.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { configFor, sinkKinds } from './configs.ts';
import { startReceivers } from './start-receivers.ts';

export interface LoadCase {
  readonly queues: number;
  /** Tokens, each with an answer of its own. */
  readonly clusters: number;
  readonly memoryMegabytes: number;
  /** What `getRemainingTimeInMillis` says when the function is called. */
  readonly remainingMs: number;
}

const Run = z.object({
  wallMs: z.number(),
  cpuMs: z.number(),
  error: z.string().optional(),
  outcome: z.string().optional(),
  sources: z
    .array(z.object({ samples: z.number(), overflow: z.number().optional(), problems: z.unknown().optional() }))
    .optional(),
  sinks: z
    .array(
      z.object({ sink: z.string(), accepted: z.number(), durationMs: z.number(), problems: z.unknown().optional() }),
    )
    .optional(),
  peakRssMiB: z.number(),
});

export interface Load extends LoadCase {
  readonly runs: readonly z.infer<typeof Run>[];
  /** How the process ended, where it did not answer all events. */
  readonly died?: string | undefined;
}

/** The third run tells whether the second one left anything behind that grows. */
const runsPerProcess = 3;

/** Lambda gives a whole core from this memory on, and below it a share of one ("Configure Lambda function memory"). */
const megabytesOfACore = 1769;

/** Answers events one by one, as the Lambda runtime does, and tells of each. */
const answerEvents = `
const { handler } = await import(process.argv[1]);
for (let run = 0; run < ${String(runsPerProcess)}; run += 1) {
  const startedMs = Date.now();
  const cpu = process.cpuUsage();
  const endsAtMs = startedMs + Number(process.argv[2]);
  const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => endsAtMs - Date.now() };
  const answer = await handler({}, context).catch((error) => ({ error: String(error.message) }));
  const { user, system } = process.cpuUsage(cpu);
  const { outcome, sources, sinks, error } = answer;
  const measured = { wallMs: Date.now() - startedMs, cpuMs: (user + system) / 1000, peakRssMiB: process.resourceUsage().maxRSS / 1024 };
  process.stderr.write(JSON.stringify({ ...measured, outcome, sources, sinks, error }) + '\\n');
}
process.exit(0);
`;

/** Runs of one process with the memory options and the share of a core that the function has. */
export async function load(given: LoadCase): Promise<Load> {
  const { queues, clusters, memoryMegabytes, remainingMs } = given;
  await using receivers = await startReceivers(queues, clusters);
  const tokens = Array.from({ length: clusters }, (_, index) => ({ secret: `ci-metrics/bench-${String(index)}` }));
  const config = CollectorConfig.parse(configFor(receivers.port, sinkKinds, tokens));
  const directory = mkdtempSync(join(tmpdir(), 'ci-metrics-load-'));
  try {
    bundleFunction({ directory, config });
    const args = ['--input-type=module', '-e', answerEvents, join(directory, 'index.mjs'), String(remainingMs)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...buildNodeEnvironment(memoryMegabytes),
        LAMBDA_TASK_ROOT: directory,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
        COLLECTOR_LOOPBACK: 'allow',
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${String(receivers.port)}`,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    });
    const exited = once(child, 'exit');
    const stopThrottling = new AbortController();
    const throttling = throttle(child, memoryMegabytes / megabytesOfACore, stopThrottling.signal);
    const told = await text(child.stderr);
    await exited;
    stopThrottling.abort();
    await throttling;
    const lines = told.split('\n');
    const runs = lines.filter((line) => line.startsWith('{"wallMs"')).map((line) => Run.parse(JSON.parse(line)));
    const last =
      lines.find((line) => line.startsWith('FATAL ERROR')) ?? `exit ${String(child.exitCode ?? child.signalCode)}`;
    return { ...given, runs, died: runs.length < runsPerProcess ? last : undefined };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Lambda's own period is as short; longer ones would make a run look stuck that is only slow. Milliseconds. */
const periodMs = 20;

/** Stops and continues a process so that it has its share of a core, as a function of that memory has. */
async function throttle(
  child: { kill: (signal: NodeJS.Signals) => boolean },
  share: number,
  signal: AbortSignal,
): Promise<void> {
  if (share >= 1) return;
  while (!signal.aborted) {
    child.kill('SIGCONT');
    await sleep(periodMs * share);
    if (!child.kill('SIGSTOP')) return;
    await sleep(periodMs * (1 - share));
  }
}
