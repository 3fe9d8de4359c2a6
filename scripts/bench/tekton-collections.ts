/** The process that reads a simulated cluster again and again for the benchmark of Tekton. */
import * as z from 'zod';
import { countTick } from '../../lambda/counters/tick/count-tick.ts';
import { createMemoryStateStore } from '../../lambda/counters/stores/memory-store.ts';
import { createHttpHub } from '../../lambda/http/hub.ts';
import { durationBounds, waitBounds } from '../../lambda/model/catalogue/bounds.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { createEnvironmentStore } from '../../lambda/secrets/stores/environment.ts';
import { createRedactor } from '../../lambda/secrets/redaction/redactor.ts';
import { createSecrets } from '../../lambda/secrets/create-secrets.ts';
import { createTekton } from '../../lambda/sources/tekton/collect.ts';
import { TektonConfig } from '../../lambda/sources/tekton/config.ts';
import { selectMetrics } from '../../lambda/sources/tekton/metrics.ts';

/** Collections of one cluster, one after the other in this process; prints their figures as JSON. */
const { url, collections } = z
  .object({ url: z.string(), collections: z.int() })
  .parse(JSON.parse(process.argv[2] ?? '{}'));

const ignore = (): void => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const variables = { BENCH_TOKEN: 'bench-token' };
const none = { read: () => Promise.reject(new Error('not used')) };
const secrets = createSecrets({
  stores: { secret: none, parameter: none, env: createEnvironmentStore(variables), file: none },
  clock: Date.now,
  cacheMs: 60_000,
  redactor: createRedactor(),
  log,
});
const hub = createHttpHub({ clock: Date.now, random: Math.random, log, loopback: 'allow' });
const config = TektonConfig.parse({ kind: 'tekton', cluster: { server: url, token: { env: 'BENCH_TOKEN' } } });
const source = createTekton(config, {
  http: hub.port(),
  aws: { region: undefined, credentials: () => Promise.reject(new Error('not used')) },
  secrets: secrets.secrets,
  clock: Date.now,
  log,
});
const store = createMemoryStateStore();

const results = [];
for (let index = 0; index < collections; index += 1) {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  using deadline = createDeadline(300_000, Date.now);
  secrets.startRun();
  const counted = await countTick(
    (openLedger) => source.collect({ deadline, tickMs: Date.now(), openLedger }),
    { id: 'tekton/tekton', system: 'tekton', name: 'tekton', metrics: selectMetrics(config) },
    {
      tickMs: Date.now(),
      store,
      signal: deadline.signal,
      settings: { maxSeriesPerMetric: 10_000, waitBounds, durationBounds, backfillMs: 0 },
      mode: 'commit',
      additiveSinks: [],
      isSettled: () => undefined,
      log,
    },
  );
  if (counted.outcome !== 'counted') throw new Error(`a collection was ${counted.outcome}`);
  const { problems, families } = counted.collection;
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const { user, system } = process.cpuUsage(cpu);
  results.push({
    wallMs: performance.now() - startedMs,
    cpuMs: (user + system) / 1000,
    samples: families.reduce((sum, { samples }) => sum + samples.length, 0),
    stateBytes: counted.figures.stateBytes,
  });
}
// maxRSS is in KiB (getrusage).
process.stdout.write(JSON.stringify({ results, peakRssMiB: process.resourceUsage().maxRSS / 1024 }));
await hub.close();
