/** The process that runs ticks of a counted source for the benchmark of counting. */
import * as z from 'zod';
import { createDynamoDbStateStore } from '../../lambda/counters/stores/dynamodb/store.ts';
import { loadOf, type Step, warmUp } from '../counting/load.ts';

/**
 * Ticks of one counted source in this process, with its state in a table; prints the figures of each as a line of JSON
 * and goes on when a line comes in, so that the process with the table can read its meter in between.
 */
const { url, series, finishes, ticks } = z
  .object({ url: z.string(), series: z.int(), finishes: z.int(), ticks: z.int() })
  .parse(JSON.parse(process.argv[2] ?? '{}'));

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = { endpoint: url, region: 'us-east-1', credentials };
const store = createDynamoDbStateStore({ table: 'bench', clock: Date.now, client });
const load = loadOf(series, store);

const steps = [...warmUp(load), ...new Array<Step>(ticks).fill({ finishes, minutes: 1 })];

const answers = process.stdin[Symbol.asyncIterator]();
for (const step of steps) {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const { collection, figures } = await load.tick(step);
  const { user, system } = process.cpuUsage(cpu);
  const measured = {
    wallMs: performance.now() - startedMs,
    cpuMs: (user + system) / 1000,
    samples: collection.families.reduce((sum, { samples }) => sum + samples.length, 0),
    stateBytes: figures.stateBytes,
    // maxRSS is in KiB (getrusage).
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  await answers.next();
}
process.exit();
