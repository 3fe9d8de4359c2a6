/** Turns the results of each benchmark into a table. */
import type { ColdStarts } from '../cold-start.ts';
import type { CommandCost } from '../command.ts';
import type { CountingCost } from '../counting.ts';
import type { Load } from '../load.ts';
import { table, whole } from './table.ts';
import type { Target } from './targets.ts';
import type { RetainedRuns } from '../tekton.ts';
import type { SinkCost, Throughput, WarmMemory } from '../throughput.ts';
import type { TracesCost } from '../traces.ts';

export function throughputTable(results: readonly Throughput[]): string {
  const head = ['queues', 'run', 'wall ms', 'CPU ms', 'samples', 'peak MiB'];
  const rows = results.flatMap(({ queues, cold, warm, peakRssMiB, samples }) => [
    [whole(queues), 'first', whole(cold.wallMs), whole(cold.cpuMs), whole(samples), whole(peakRssMiB)],
    ['', 'warm', whole(warm.wallMs), whole(warm.cpuMs), whole(samples), ''],
  ]);
  return table([head, ...rows]);
}

export function sinkTable(results: readonly Throughput[]): string {
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

/**
 * CPU by the sample is that of the whole run, reading included, so that the sinks can be compared. The limit is what the
 * same JSON takes to be parsed and the same bodies to be compressed: what nobody can avoid.
 */
export function sinkCostTable(results: readonly SinkCost[]): string {
  const head = [
    'queues',
    'sink alone',
    'samples',
    'requests',
    'bytes sent',
    'CPU ms first',
    'CPU ms warm',
    'limit ms',
    'times the limit',
    'µs a sample',
    'peak MiB',
  ];
  const rows = results.map(({ queues, name, accepted, requests, bytes, ...cost }) => [
    ...[whole(queues), name, whole(accepted), whole(requests), whole(bytes)],
    ...[whole(cost.firstCpuMs), cost.warmCpuMs.toFixed(1), cost.limitMs.toFixed(2)],
    (cost.warmCpuMs / cost.limitMs).toFixed(1),
    ...[((cost.warmCpuMs * 1000) / accepted).toFixed(1), whole(cost.peakRssMiB)],
  ]);
  return table([head, ...rows]);
}

export function tracesTable(results: readonly TracesCost[]): string {
  const head = [
    'finished runs',
    'spans',
    'requests',
    'bytes sent',
    'CPU ms first',
    'CPU ms warm',
    'µs a span',
    'peak MiB',
  ];
  const rows = results.map(({ finishedRuns, spans, requests, bytes, firstCpuMs, warmCpuMs, peakRssMiB }) => [
    ...[whole(finishedRuns), whole(spans), whole(requests), whole(bytes), whole(firstCpuMs), whole(warmCpuMs)],
    ...[((warmCpuMs * 1000) / spans).toFixed(1), whole(peakRssMiB)],
  ]);
  return table([head, ...rows]);
}

export function memoryTable(results: readonly WarmMemory[]): string {
  const rows = results.map(({ queues, runs, rssMiB }) => [whole(queues), whole(runs), rssMiB.map(whole).join(' ')]);
  return table([['queues', 'warm runs', 'resident MiB after each five'], ...rows]);
}

export function retainedTable(results: readonly RetainedRuns[]): string {
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

export function countingTable(results: readonly CountingCost[]): string {
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

export function stateTable(results: readonly CountingCost[]): string {
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

/** CPU beside an empty Node process, which tells how fast and how busy the machine is. */
export function commandTable(results: readonly CommandCost[]): string {
  const head = ['queues', 'CPU ms', 'empty Node ms', 'peak MiB'];
  const rows = results.map(({ queues, cpuMs, emptyCpuMs, peakMiB }) =>
    [queues, cpuMs, emptyCpuMs, peakMiB].map((value) => whole(value)),
  );
  return table([head, ...rows]);
}

export function loadTable(results: readonly Load[]): string {
  const head = [
    'queues',
    'MB',
    'time left',
    'run',
    'wall ms',
    'CPU ms',
    'peak MiB',
    'outcome',
    'samples',
    'folded',
    'accepted',
  ];
  const rows = results.flatMap(({ queues, memoryMegabytes, remainingMs, runs, died }) => [
    ...runs.map(({ wallMs, cpuMs, peakRssMiB, outcome = 'failed', sources = [], sinks = [] }, index) => [
      ...(index === 0 ? [whole(queues), whole(memoryMegabytes), whole(remainingMs)] : ['', '', '']),
      ...[whole(index + 1), whole(wallMs), whole(cpuMs), whole(peakRssMiB), outcome],
      ...[whole(sources[0]?.samples ?? 0), whole(sources[0]?.overflow ?? 0)],
      sinks.map(({ sink, accepted }) => `${sink.replace(/.*\//, '')} ${whole(accepted)}`).join(', '),
    ]),
    ...(died === undefined ? [] : [[whole(queues), whole(memoryMegabytes), whole(remainingMs), `died: ${died}`]]),
  ]);
  return table([head, ...rows]);
}

export function coldStartTable(results: readonly ColdStarts[]): string {
  const head = ['process', 'bundle kB', 'loaded kB', 'ms', 'ratio', 'CPU ms', 'ratio'];
  const rows = results.flatMap(({ empty, sets }) => [
    ['empty Node', '', '', whole(empty.wallMs), '1.0', whole(empty.cpuMs), '1.0'],
    ...sets.map(({ name, bundleBytes, loadedBytes, wallMs, cpuMs, ratio }) => [
      name,
      whole(bundleBytes / 1000),
      whole(loadedBytes / 1000),
      whole(wallMs),
      ratio.toFixed(1),
      whole(cpuMs),
      (cpuMs / empty.cpuMs).toFixed(1),
    ]),
  ]);
  return table([head, ...rows]);
}

export function targetTable(targets: readonly Target[]): string {
  const digits = (value: number): string => (value < 10 ? value.toFixed(1) : whole(value));
  const rows = targets.map(({ what, measured, atMost, unit }) => [
    what,
    digits(measured),
    whole(atMost),
    unit,
    `${whole((100 * measured) / atMost)} %`,
    measured <= atMost ? 'met' : 'missed',
  ]);
  return table([['target', 'measured', 'at most', 'unit', 'of target', ''], ...rows]);
}
