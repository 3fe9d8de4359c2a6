/** Measures the terminal's command as the package has it: what one `collect --once` costs. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import * as z from 'zod';
import { findGreatest, findLeast } from '../../lambda/model/lists/extremes.ts';
import { bundleCommand } from '../package/bundle-command.ts';
import { startReceivers } from './start-receivers.ts';

export interface CommandCost {
  readonly queues: number;
  /** Least of all processes; the first one, which fills the compile cache, is left out. */
  readonly cpuMs: number;
  /** Of an empty Node process beside it: the ratio compares machines, and tells how busy this one is. */
  readonly emptyCpuMs: number;
  /** Most of all processes. */
  readonly peakMiB: number;
}

const processesEach = 6;

const Usage = z.object({ cpuMs: z.number(), peakMiB: z.number() });
type Usage = z.infer<typeof Usage>;

/** Loaded before the program; writes what the whole process has used when it ends. */
const watcher = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const used = { cpuMs: (user + system) / 1000, peakMiB: process.resourceUsage().maxRSS / 1024 };
  require('node:fs').writeFileSync(process.env.USAGE_FILE, JSON.stringify(used));
});`;

/** Runs the command against an agent API with so many queues, and a file. */
export async function commandCosts(sizes: readonly number[]): Promise<readonly CommandCost[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-command-'));
  try {
    await bundleCommand(join(folder, 'cli'));
    writeFileSync(join(folder, 'watcher.cjs'), watcher);
    writeFileSync(join(folder, 'empty.cjs'), '');
    const costs: CommandCost[] = [];
    for (const queues of sizes) costs.push(await measure(folder, queues));
    return costs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, queues: number): Promise<CommandCost> {
  await using receivers = await startReceivers(queues);
  const config = {
    queuesPerMetric: 100_000,
    seriesPerMetric: 100_000,
    sources: [
      {
        kind: 'buildkite',
        endpoint: `http://127.0.0.1:${String(receivers.port)}/v3`,
        agentTokens: [{ env: 'BENCH_TOKEN' }],
      },
    ],
    sinks: [{ kind: 'file', path: join(folder, 'ci.prom') }],
  };
  const file = join(folder, 'collector.yaml');
  writeFileSync(file, stringify(config));
  const used: Usage[] = [];
  const empty: Usage[] = [];
  for (let index = 0; index < processesEach; index += 1) {
    used.push(await run(folder, [join(folder, 'cli/entry.cjs'), 'collect', '--config', file, '--once']));
    empty.push(await run(folder, [join(folder, 'empty.cjs')]));
  }
  const warm = used.slice(1);
  return {
    queues,
    cpuMs: findLeast(warm.map(({ cpuMs }) => cpuMs)) ?? Number.NaN,
    emptyCpuMs: findLeast(empty.map(({ cpuMs }) => cpuMs)) ?? Number.NaN,
    peakMiB: findGreatest(warm.map(({ peakMiB }) => peakMiB)) ?? Number.NaN,
  };
}

async function run(folder: string, args: readonly string[]): Promise<Usage> {
  const usage = join(folder, 'usage.json');
  await promisify(execFile)(process.execPath, ['--require', join(folder, 'watcher.cjs'), ...args], {
    env: { ...process.env, USAGE_FILE: usage, BENCH_TOKEN: 'bench-token-0', NODE_COMPILE_CACHE: join(folder, 'cache') },
    maxBuffer: 64 * 1024 * 1024,
  });
  return Usage.parse(JSON.parse(readFileSync(usage, 'utf8')));
}
