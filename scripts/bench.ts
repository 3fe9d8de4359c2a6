import { coldStarts, type ColdStarts } from './bench/cold-start.ts';
import { type CountingCost, countingCost } from './bench/counting.ts';
import { type RetainedRuns, retainedRuns } from './bench/tekton.ts';
import { throughput, type Throughput, warmMemory, type WarmMemory } from './bench/throughput.ts';

/**
 * Prints what the collector costs in time, memory and bytes, all measured in this run on this machine; ratios to an
 * empty Node process compare machines. `--json` prints the figures for scripts, `--queues 10,1000` other sizes.
 */
const sizes = (argument('--queues') ?? '10,1000,10000').split(',').map(Number);
const queuesForLeaks = 1000;
/** PipelineRuns and TaskRuns that a cluster retains: a pruned one, and one that keeps 50,000 and 100,000. */
const retainedSizes = [
  [500, 2000],
  [50_000, 0],
  [50_000, 50_000],
] as const;
/** Series of one counted source, and finishes in each tick. */
const countedLoads = [
  [500, 50],
  [500, 5000],
  [50_000, 50],
  [50_000, 5000],
] as const;
const isJson = process.argv.includes('--json');

function argument(name: string): string | undefined {
  const index = process.argv.indexOf(name);
  return index === -1 ? undefined : process.argv[index + 1];
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function table(rows: readonly (readonly string[])[]): string {
  const [head] = rows;
  const widths = (head ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map(line).join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function throughputTable(results: readonly Throughput[]): string {
  const head = ['queues', 'run', 'wall ms', 'CPU ms', 'samples', 'peak MiB'];
  const rows = results.flatMap(({ queues, cold, warm, peakRssMiB, samples }) => [
    [whole(queues), 'first', whole(cold.wallMs), whole(cold.cpuMs), whole(samples), whole(peakRssMiB)],
    ['', 'warm', whole(warm.wallMs), whole(warm.cpuMs), whole(samples), ''],
  ]);
  return table([head, ...rows]);
}

function sinkTable(results: readonly Throughput[]): string {
  const head = ['queues', 'sink', 'samples', 'requests', 'bytes sent', 'least requests'];
  const rows = results.flatMap(({ queues, sinks }) =>
    sinks.map(({ name, accepted, requests, bytes, leastRequests }) => [
      whole(queues),
      name,
      whole(accepted),
      whole(requests),
      whole(bytes),
      leastRequests === undefined ? '' : whole(leastRequests),
    ]),
  );
  return table([head, ...rows]);
}

function memoryTable({ queues, runs, rssMiB }: WarmMemory): string {
  return table([
    ['queues', 'warm runs', 'resident MiB after each five'],
    [whole(queues), whole(runs), rssMiB.map(whole).join(' ')],
  ]);
}

function retainedTable(results: readonly RetainedRuns[]): string {
  const head = ['PipelineRuns', 'TaskRuns', 'collection', 'wall ms', 'CPU ms', 'samples', 'peak MiB'];
  const rows = results.flatMap(({ pipelineRuns, taskRuns, collections, peakRssMiB }) =>
    collections.map(({ wallMs, cpuMs, samples }, index) => [
      ...(index === 0 ? [whole(pipelineRuns), whole(taskRuns)] : ['', '']),
      index === 0 ? 'first' : 'warm',
      whole(wallMs),
      whole(cpuMs),
      whole(samples),
      index === 0 ? whole(peakRssMiB) : '',
    ]),
  );
  return table([head, ...rows]);
}

function countingTable(results: readonly CountingCost[]): string {
  const head = ['series', 'finishes', 'tick', 'wall ms', 'CPU ms', 'state kB', 'peak MiB'];
  const rows = results.flatMap(({ series, finishes, first, steady }) =>
    [first, steady].map(({ wallMs, cpuMs, stateBytes, peakRssMiB }, index) => [
      ...(index === 0 ? [whole(series), whole(finishes), 'first'] : ['', '', 'steady']),
      whole(wallMs),
      whole(cpuMs),
      whole(stateBytes / 1000),
      whole(peakRssMiB),
    ]),
  );
  return table([head, ...rows]);
}

function stateTable(results: readonly CountingCost[]): string {
  const head = [
    ...['series', 'finishes', 'tick', 'items read', 'kB read', 'read units'],
    ...['items written', 'kB written', 'deleted', 'write units'],
  ];
  const rows = results.flatMap(({ series, finishes, first, steady }) =>
    [first, steady].map(({ table: meter }, index) => [
      ...(index === 0 ? [whole(series), whole(finishes), 'first'] : ['', '', 'steady']),
      whole(meter.reads),
      whole(meter.readBytes / 1000),
      whole(meter.readUnits),
      whole(meter.writes),
      whole(meter.writtenBytes / 1000),
      whole(meter.deletes),
      whole(meter.writeUnits),
    ]),
  );
  return table([head, ...rows]);
}

function coldStartTable({ emptyMs, sets }: ColdStarts): string {
  const head = ['process', 'loaded kB', 'ms', 'ratio'];
  const rows = sets.map(({ name, loadedBytes, medianMs, ratio }) => [
    name,
    whole(loadedBytes / 1000),
    medianMs.toFixed(0),
    ratio.toFixed(2),
  ]);
  return table([head, ['empty Node', '', emptyMs.toFixed(0), '1.00'], ...rows]);
}

const loads: Throughput[] = [];
for (const queues of sizes) {
  progress(`collecting ${whole(queues)} queues into three sinks …`);
  loads.push(await throughput(queues));
}
progress('looking for leaks …');
const memory = await warmMemory(queuesForLeaks);
const retained: RetainedRuns[] = [];
for (const [pipelineRuns, taskRuns] of retainedSizes) {
  progress(`collecting a cluster with ${whole(pipelineRuns + taskRuns)} retained runs …`);
  retained.push(await retainedRuns(pipelineRuns, taskRuns));
}
const counted: CountingCost[] = [];
for (const [series, finishes] of countedLoads) {
  progress(`counting ${whole(finishes)} finishes a tick in ${whole(series)} series …`);
  counted.push(await countingCost(series, finishes));
}
progress('starting the bundle …');
const starts = await coldStarts();

if (isJson) {
  process.stdout.write(
    `${JSON.stringify({ node: process.version, throughput: loads, memory, tekton: retained, counting: counted, coldStart: starts }, undefined, 2)}\n`,
  );
} else {
  const parts = [
    `Node ${process.version}, ${process.platform} ${process.arch}`,
    `One run: Buildkite agent API to CloudWatch, Pushgateway and remote write\n${throughputTable(loads)}`,
    `Requests and bytes of one run\n${sinkTable(loads)}`,
    `Memory of one process over many runs, after a garbage collection\n${memoryTable(memory)}`,
    `Tekton: a cluster with retained runs, in a process with the memory options of 256 MB\n${retainedTable(retained)}`,
    `Counting: one source, in a process with the memory options of 512 MB; steady is after 14 such ticks\n${countingTable(counted)}`,
    `DynamoDB: what one tick of counting reads and writes\n${stateTable(counted)}`,
    `Cold start: the bundle loaded, one invocation answered\n${coldStartTable(starts)}`,
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}
