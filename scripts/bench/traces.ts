/** Measures what finished runs cost as traces, beside the metrics of the same run. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { buildNodeEnvironment } from '../../infra/function/node-environment.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { buildTracesConfig } from './configs.ts';
import { median } from './figures/median.ts';
import { startReceivers } from './start-receivers.ts';

const Result = z.object({
  writes: z.array(z.object({ accepted: z.number(), requests: z.number(), bytes: z.number(), cpuMs: z.number() })),
  peakRssMiB: z.number(),
});

/** One delivery of spans by the sink `otlp`, in protobuf and compressed. */
export interface TracesCost {
  readonly finishedRuns: number;
  readonly spans: number;
  readonly requests: number;
  readonly bytes: number;
  readonly firstCpuMs: number;
  /** The median of the later deliveries. */
  readonly warmCpuMs: number;
  readonly peakRssMiB: number;
}

/** As many as a small pipeline has. */
const jobsOfRun = 4;
const deliveries = 6;

/** In a process of its own, which runs the bundle. */
export async function tracesCost(finishedRuns: number): Promise<TracesCost> {
  await using receivers = await startReceivers(1);
  const config = buildTracesConfig(receivers.port);
  const checked = CollectorConfig.parse(config);
  const directory = mkdtempSync(join(tmpdir(), 'ci-metrics-bench-'));
  try {
    bundleFunction({ directory, config: checked, entry: 'scripts/bench/traced-runs.ts' });
    const wanted = { config, finishedRuns, jobs: jobsOfRun, writes: deliveries };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(directory, 'index.mjs'), JSON.stringify(wanted)],
      {
        env: {
          ...process.env,
          ...buildNodeEnvironment(checked.deployment.memoryMegabytes),
          BENCH_TOKEN: 'bench-token',
        },
      },
    );
    return buildCost(finishedRuns, Result.parse(JSON.parse(stdout)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function buildCost(finishedRuns: number, { writes, peakRssMiB }: z.infer<typeof Result>): TracesCost {
  const [first, ...warm] = writes;
  const spans = finishedRuns * (jobsOfRun + 1);
  if (first?.accepted !== spans) throw new Error(`${String(first?.accepted)} of ${String(spans)} spans were stored`);
  const { requests, bytes, cpuMs: firstCpuMs } = first;
  return {
    finishedRuns,
    spans,
    requests,
    bytes,
    firstCpuMs,
    warmCpuMs: median(warm.map(({ cpuMs }) => cpuMs)),
    peakRssMiB,
  };
}
