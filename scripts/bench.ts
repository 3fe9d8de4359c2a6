/** Runs the benchmarks and prints their tables: `npm run bench`. */
import { commandCosts } from './bench/command.ts';
import { coldStarts, type ColdStarts, repetitions } from './bench/cold-start.ts';
import { type Load, load } from './bench/load.ts';
import { whole } from './bench/figures/table.ts';
import {
  coldStartTable,
  commandTable,
  countingTable,
  loadTable,
  memoryTable,
  retainedTable,
  sinkCostTable,
  sinkTable,
  stateTable,
  targetTable,
  throughputTable,
  tracesTable,
} from './bench/figures/tables.ts';
import { measuredSinks } from './bench/configs.ts';
import { targetsOf } from './bench/figures/targets.ts';
import { type CountingCost, countingCost } from './bench/counting.ts';
import { type RetainedRuns, retainedRuns } from './bench/tekton.ts';
import { type TracesCost, tracesCost } from './bench/traces.ts';
import {
  processes,
  sinkCost,
  type SinkCost,
  throughput,
  type Throughput,
  warmMemory,
  type WarmMemory,
} from './bench/throughput.ts';

/**
 * Prints what the collector costs in time, memory and bytes, all measured in this run on this machine; ratios to an
 * empty Node process compare machines. `--json` prints the figures for scripts, `--queues 10,1000` other sizes, `--only cold-start` one section,
 * `--sinks cloudwatch` these sinks alone.
 */
const sizes = (argument('--queues') ?? '10,1000,10000').split(',').map(Number);
const queuesForLeaks = 1000;
/** What the targets of the command are set for. */
const queuesOfCommand = [10, 10_000] as const;
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
/** Queues, tokens, memory and the time that is left when the function is called: what fits, what does not, what never will. */
const loadsOfFunction = [
  { queues: 10_000, clusters: 1, memoryMegabytes: 512, remainingMs: 50_000 },
  { queues: 50_000, clusters: 5, memoryMegabytes: 512, remainingMs: 12_000 },
  { queues: 100_000, clusters: 10, memoryMegabytes: 512, remainingMs: 50_000 },
] as const;
const isJson = process.argv.includes('--json');
const sections = [
  'throughput',
  'sinks',
  'traces',
  'memory',
  'tekton',
  'counting',
  'load',
  'cold-start',
  'command',
] as const;
/** `--only throughput,cold-start`; default: all. */
const wanted = (argument('--only') ?? sections.join(',')).split(',');
/** `--sinks cloudwatch,otlp`; default: all. */
const wantedSinks = argument('--sinks')?.split(',');
const unknownSinks = (wantedSinks ?? []).filter((name) => !measuredSinks.some((sink) => sink === name));
if (unknownSinks.length > 0)
  throw new RangeError(`no sink ${unknownSinks.join(', ')}; measured are ${measuredSinks.join(', ')}`);
const unknown = wanted.filter((name) => !sections.some((section) => section === name));
if (unknown.length > 0) throw new RangeError(`no section ${unknown.join(', ')}; there are ${sections.join(', ')}`);

function argument(name: string): string | undefined {
  const index = process.argv.indexOf(name);
  return index === -1 ? undefined : process.argv[index + 1];
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function isWanted(section: (typeof sections)[number]): boolean {
  return wanted.includes(section);
}

const loads: Throughput[] = [];
for (const queues of isWanted('throughput') ? sizes : []) {
  progress(`collecting ${whole(queues)} queues into three sinks …`);
  loads.push(await throughput(queues));
}
const sinkCosts: SinkCost[] = [];
for (const queues of isWanted('sinks') ? sizes : []) {
  for (const name of measuredSinks.filter((sink) => wantedSinks?.includes(sink) ?? true)) {
    progress(`sending ${whole(queues)} queues to ${name} alone …`);
    sinkCosts.push(await sinkCost(queues, name));
  }
}
const traces: TracesCost[] = [];
for (const finishedRuns of isWanted('traces') ? sizes : []) {
  progress(`sending ${whole(finishedRuns)} finished runs as traces …`);
  traces.push(await tracesCost(finishedRuns));
}
const memory: WarmMemory[] = [];
if (isWanted('memory')) {
  progress('looking for leaks …');
  memory.push(await warmMemory(queuesForLeaks));
}
const retained: RetainedRuns[] = [];
for (const [pipelineRuns, taskRuns] of isWanted('tekton') ? retainedSizes : []) {
  progress(`collecting a cluster with ${whole(pipelineRuns + taskRuns)} retained runs …`);
  retained.push(await retainedRuns(pipelineRuns, taskRuns));
}
const counted: CountingCost[] = [];
for (const [series, finishes] of isWanted('counting') ? countedLoads : []) {
  progress(`counting ${whole(finishes)} finishes a tick in ${whole(series)} series …`);
  counted.push(await countingCost(series, finishes));
}
const overloads: Load[] = [];
for (const given of isWanted('load') ? loadsOfFunction : []) {
  progress(`calling the function with ${whole(given.queues)} queues and ${whole(given.remainingMs / 1000)} s …`);
  overloads.push(await load(given));
}
const starts: ColdStarts[] = [];
if (isWanted('cold-start')) {
  progress('starting the bundle …');
  starts.push(await coldStarts());
}
if (isWanted('command')) progress('running the command of the package …');
const commands = isWanted('command') ? await commandCosts(queuesOfCommand) : [];
const targets = targetsOf(loads, starts, commands);

function part<Result>(
  title: string,
  results: readonly Result[],
  print: (results: readonly Result[]) => string,
): string {
  return results.length === 0 ? '' : `${title}\n${print(results)}`;
}

if (isJson) {
  const { version: node } = process;
  const figures = {
    ...{
      node,
      throughput: loads,
      sinks: sinkCosts,
      traces,
      memory,
      tekton: retained,
      counting: counted,
      load: overloads,
    },
    coldStart: starts,
    command: commands,
    targets,
  };
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
} else {
  const parts = [
    `Node ${process.version}, ${process.platform} ${process.arch}`,
    part(
      `One run: Buildkite agent API to CloudWatch, Pushgateway and remote write; least CPU and most memory of ${whole(processes)} processes`,
      loads,
      throughputTable,
    ),
    part('Requests and bytes of one run', loads, sinkTable),
    part('Each sink by itself, reading included: least CPU of three processes', sinkCosts, sinkCostTable),
    part('Finished runs as traces: the spans alone, by the sink otlp', traces, tracesTable),
    part('Memory of one process over many runs, after a garbage collection', memory, memoryTable),
    part(
      'Tekton: a cluster with retained runs, in a process with the memory options of 256 MB',
      retained,
      retainedTable,
    ),
    part(
      'Counting: one source, in a process with the memory options of 512 MB; steady is after 14 such ticks',
      counted,
      countingTable,
    ),
    part('DynamoDB: what one tick of counting reads and writes', counted, stateTable),
    part(
      'The function under load: each run of one process with its memory options and its share of a core',
      overloads,
      loadTable,
    ),
    part(
      `Cold start: the bundle loaded, one invocation answered; median time and least CPU of ${whole(repetitions)} processes`,
      starts,
      coldStartTable,
    ),
    part('The command of the package: one run to a file, with a warm compile cache', commands, commandTable),
    part('Targets', targets, targetTable),
  ];
  process.stdout.write(`${parts.filter((text) => text !== '').join('\n\n')}\n`);
}
