/** Compares the figures of the benchmarks with their targets. */
import type { ColdStarts } from '../cold-start.ts';
import type { CommandCost } from '../command.ts';
import type { Throughput } from '../throughput.ts';

/** A figure of this run beside what it should be at most. */
export interface Target {
  readonly what: string;
  readonly measured: number;
  readonly atMost: number;
  readonly unit: string;
}

/** The load that the targets are set for. */
const queuesOfTargets = 10_000;
const maxCpuMs = 2000;
const maxPeakMiB = 256;
const maxColdStartRatio = 4;
const maxBundleKilobytes = 1500;

/** What is held against a target, of that which was measured. */
export function targetsOf(
  loads: readonly Throughput[],
  starts: readonly ColdStarts[],
  commands: readonly CommandCost[] = [],
): readonly Target[] {
  const load = loads.find(({ queues }) => queues === queuesOfTargets);
  return [...(load === undefined ? [] : ofLoad(load)), ...starts.flatMap(ofStarts), ...commands.flatMap(ofCommand)];
}

function ofLoad({ cold, warm, peakRssMiB, sinks }: Throughput): readonly Target[] {
  const at = `${queuesOfTargets.toLocaleString('en-US')} queues, three sinks`;
  return [
    { what: `${at}: CPU of the first run`, measured: cold.cpuMs, atMost: maxCpuMs, unit: 'ms' },
    { what: `${at}: CPU of a warm run`, measured: warm.cpuMs, atMost: maxCpuMs, unit: 'ms' },
    { what: `${at}: peak memory`, measured: peakRssMiB, atMost: maxPeakMiB, unit: 'MiB' },
    ...sinks.flatMap(({ name, requests, leastRequests }) =>
      leastRequests === undefined
        ? []
        : [{ what: `${at}: requests to ${name}`, measured: requests, atMost: leastRequests, unit: '' }],
    ),
  ];
}

function ofStarts({ sets }: ColdStarts): readonly Target[] {
  const alone = sets.find(({ name }) => name === 'cloudwatch');
  return [
    ...sets.map(({ name, ratio }) => ({
      what: `cold start with ${name}, to an empty Node`,
      measured: ratio,
      atMost: maxColdStartRatio,
      unit: 'times',
    })),
    ...(alone === undefined
      ? []
      : [
          {
            what: 'bundle for cloudwatch alone',
            measured: alone.bundleBytes / 1000,
            atMost: maxBundleKilobytes,
            unit: 'kB',
          },
        ]),
  ];
}

/** Of the command by the number of queues; CPU time is set for ten queues alone. */
const commandTargets: Readonly<Record<number, { readonly cpuMs?: number; readonly peakMiB: number }>> = {
  10: { cpuMs: 250, peakMiB: 90 },
  10_000: { peakMiB: 220 },
};

function ofCommand({ queues, cpuMs, peakMiB }: CommandCost): readonly Target[] {
  const target = commandTargets[queues];
  if (target === undefined) return [];
  const at = `the command with ${queues.toLocaleString('en-US')} queues`;
  return [
    ...(target.cpuMs === undefined ? [] : [{ what: `${at}: CPU`, measured: cpuMs, atMost: target.cpuMs, unit: 'ms' }]),
    { what: `${at}: peak memory`, measured: peakMiB, atMost: target.peakMiB, unit: 'MiB' },
  ];
}
