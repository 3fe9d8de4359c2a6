/** Measures what counting costs a run in time, memory and requests to the table. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { buildNodeEnvironment } from '../../infra/function/node-environment.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { rememberedMinutes } from '../counting/load.ts';
import { type Metered, type MeteredTable, startMeteredTable } from '../counting/metered-table.ts';

const Tick = z.object({
  wallMs: z.number(),
  cpuMs: z.number(),
  samples: z.number(),
  stateBytes: z.number(),
  peakRssMiB: z.number(),
});

export interface CountedTick extends z.infer<typeof Tick> {
  readonly table: Metered;
}

export interface CountingCost {
  readonly series: number;
  readonly finishes: number;
  /** The first tick of these finishes. */
  readonly first: CountedTick;
  /** After as many ticks as finishes are remembered for: the state is as large as it becomes. */
  readonly steady: CountedTick;
}

const ticks = rememberedMinutes + 1;

/** Of the function: enough for the largest state that is measured. */
const memoryMegabytes = 512;

/** What one counted source costs, in a process with the memory options of a function; the table has one of its own. */
export async function countingCost(series: number, finishes: number): Promise<CountingCost> {
  await using table = await startMeteredTable();
  const measured = await measureTicks(table, { series, finishes, ticks, url: table.url });
  const first = measured.at(-ticks);
  const steady = measured.at(-1);
  if (first === undefined || steady === undefined) throw new Error('the process told of no tick');
  return { series, finishes, first, steady };
}

async function measureTicks(table: MeteredTable, wanted: object): Promise<CountedTick[]> {
  const directory = mkdtempSync(join(tmpdir(), 'ci-metrics-bench-'));
  try {
    const source = { kind: 'buildkite', agentTokens: [{ env: 'BENCH_TOKEN' }] };
    const config = CollectorConfig.parse({ sources: [source], sinks: [{ kind: 'stdout' }] });
    bundleFunction({ directory, config, entry: 'scripts/bench/counting-ticks.ts' });
    const child = spawn(process.execPath, [join(directory, 'index.mjs'), JSON.stringify(wanted)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...buildNodeEnvironment(memoryMegabytes) },
    });
    const measured: CountedTick[] = [];
    for await (const line of createInterface(child.stdout)) {
      measured.push({ ...Tick.parse(JSON.parse(line)), table: table.take() });
      child.stdin.write('\n');
    }
    return measured;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
