/** The process that sends finished runs as traces for the benchmark of spans. */
import * as z from 'zod';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import type { Span } from '../../lambda/model/span.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../lambda/secrets/redaction/redactor.ts';
import { buildPipeline } from '../../lambda/wiring.ts';

/** Writes the traces of so many finished runs, each with a few jobs, again and again; prints the figures as JSON. */
const { config, finishedRuns, jobs, writes } = z
  .object({ config: z.unknown(), finishedRuns: z.int(), jobs: z.int(), writes: z.int() })
  .parse(JSON.parse(process.argv[2] ?? '{}'));

const ignore = (): void => undefined;
const built = await buildPipeline(CollectorConfig.parse(config), {
  variables: process.env,
  runtime: 'terminal',
  clock: Date.now,
  random: Math.random,
  redactor: createRedactor(),
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  print: ignore,
});
const [traced] = built.pipeline.sinks;
if (traced === undefined) throw new Error('there is no sink');

const minuteMs = 60_000;

function buildRun(index: number, endMs: number): readonly Span[] {
  const run = `01975b1e-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const common = { run, scope: 'acme', pipeline: `pipeline-${String(index % 50)}`, result: 'success', endMs } as const;
  const url = `https://buildkite.com/acme/pipeline/builds/${String(index)}`;
  const job = (id: number): Span => ({
    ...common,
    is: 'job',
    id: `${run}-${String(id)}`,
    name: `test ${String(id)}`,
    queue: 'default',
    startMs: endMs - minuteMs,
    waitSeconds: 7.5,
    url: `${url}#${String(id)}`,
  });
  const commit = '0123456789abcdef0123456789abcdef01234567';
  return [
    { ...common, is: 'run', startMs: endMs - 5 * minuteMs, url, commit, branch: 'main' },
    ...Array.from({ length: jobs }, (_, id) => job(id)),
  ];
}

async function measureWrite(): Promise<object> {
  const nowMs = Date.now();
  const spans = Array.from({ length: finishedRuns }, (_, index) => buildRun(index, nowMs)).flat();
  const batch = {
    tickMs: nowMs,
    collectedAtMs: nowMs,
    sources: [{ system: 'buildkite', source: 'bench', status: 'complete', families: [], spans }] as const,
    health: [],
  };
  const cpu = process.cpuUsage();
  using deadline = createDeadline(120_000, Date.now);
  const { accepted, requests, bytes } = (await traced?.sink.write(batch, { deadline })) ?? {};
  const { user, system } = process.cpuUsage(cpu);
  return { accepted, requests, bytes, cpuMs: (user + system) / 1000 };
}

const measured = [];
for (let count = 0; count < writes; count += 1) measured.push(await measureWrite());
// maxRSS is in KiB (getrusage).
process.stdout.write(JSON.stringify({ writes: measured, peakRssMiB: process.resourceUsage().maxRSS / 1024 }));
await built.close();
