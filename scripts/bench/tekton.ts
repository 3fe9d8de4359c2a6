/** Measures what reading a large Tekton cluster costs. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { bundleFunction } from '../../infra/bundle/bundle-function.ts';
import { buildNodeEnvironment } from '../../infra/function/node-environment.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';

const Result = z.object({
  results: z.array(z.object({ wallMs: z.number(), cpuMs: z.number(), samples: z.number(), stateBytes: z.number() })),
  peakRssMiB: z.number(),
});

export interface RetainedRuns {
  readonly pipelineRuns: number;
  readonly taskRuns: number;
  readonly peakRssMiB: number;
  readonly collections: z.infer<typeof Result>['results'];
}

/** The memory that the source has to live with: half of what the function has unless it is told otherwise. */
const memoryMegabytes = 256;
const collections = 3;

/** What a cluster with so many retained runs costs; the simulated API server has a process of its own. */
export async function retainedRuns(pipelineRuns: number, taskRuns: number): Promise<RetainedRuns> {
  const args = [join(import.meta.dirname, 'tekton-server.ts'), String(pipelineRuns), String(taskRuns)];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const directory = mkdtempSync(join(tmpdir(), 'ci-metrics-bench-'));
  try {
    const said: unknown[] = await once(server.stdout, 'data');
    const url = String(said[0]).trim();
    const source = { kind: 'tekton', cluster: { server: url, token: { env: 'BENCH_TOKEN' } } };
    const config = CollectorConfig.parse({ sources: [source], sinks: [{ kind: 'stdout' }] });
    bundleFunction({ directory, config, entry: 'scripts/bench/tekton-collections.ts' });
    const child = [join(directory, 'index.mjs'), JSON.stringify({ url, collections })];
    const { stdout } = await promisify(execFile)(process.execPath, child, {
      env: { ...process.env, ...buildNodeEnvironment(memoryMegabytes) },
    });
    const { results, peakRssMiB } = Result.parse(JSON.parse(stdout));
    return { pipelineRuns, taskRuns, peakRssMiB, collections: results };
  } finally {
    server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}
