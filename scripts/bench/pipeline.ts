/** The process that runs the real pipeline for the benchmark of throughput. */
import * as z from 'zod';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { collect, run } from '../../lambda/run.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../lambda/secrets/redaction/redactor.ts';
import { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import { encodeDatums } from '../../lambda/sinks/cloudwatch/encode/encode-datums.ts';
import { buildPipeline } from '../../lambda/wiring.ts';

/**
 * Runs of the real pipeline against the receivers of the benchmark; prints their figures as JSON. With `--expose-gc`
 * memory is told after a garbage collection: what grows then is a leak.
 */
const { config, warmRuns } = z
  .object({ config: z.unknown(), warmRuns: z.int() })
  .parse(JSON.parse(process.argv[2] ?? '{}'));

const ignore = (): void => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const built = await buildPipeline(CollectorConfig.parse(config), {
  variables: process.env,
  runtime: 'terminal',
  clock: Date.now,
  random: Math.random,
  redactor: createRedactor(),
  log: silent,
  print: ignore,
});

async function measured(): Promise<Readonly<Record<string, unknown>>> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  using deadline = createDeadline(120_000, Date.now);
  const report = await run(built.pipeline, { deadline, tickMs: Date.now() });
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedMs;
  globalThis.gc?.();
  const problems = [...report.sources, ...report.sinks].flatMap((part) => part.problems);
  return {
    outcome: report.outcome,
    problems,
    wallMs,
    cpuMs: (user + system) / 1000,
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
    samples: report.sources.map(({ samples }) => samples),
    sinks: report.sinks.map(({ name, accepted, requests, bytes, durationMs }) => ({
      name,
      accepted,
      requests,
      bytes,
      durationMs,
    })),
  };
}

const first = await measured();
const warm = [];
for (let index = 0; index < warmRuns; index += 1) warm.push(await measured());
// maxRSS is in KiB (getrusage).
const peakRssMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ first, warm, peakRssMiB, leastPutRequests: await leastPutRequests() }));
await built.close();

/** Requests that the limit of 1000 datums allows at best: two namespaces cannot share one (PutMetricData reference). */
async function leastPutRequests(): Promise<number> {
  using deadline = createDeadline(120_000, Date.now);
  const { batch } = await collect(built.pipeline, { deadline, tickMs: Date.now() });
  const settings = {
    config: CloudWatchConfig.parse({ kind: 'cloudwatch' }),
    collector: 'bench',
    intervalMs: built.intervalMs,
  };
  const counts = new Map<string, number>();
  for (const { namespace } of encodeDatums(batch, settings).datums)
    counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + Math.ceil(count / 1000), 0);
}
