/** How many samples one run can carry, by the memory of the process and the time that is left for it. */

/**
 * What a process takes before the first sample, and what each one takes on its way from an answer to three sinks.
 * Measured by `npm run bench -- --only load` in a process with the memory options of the function: 10,000 queues
 * (150,000 samples) peaked at 240 MiB, 50,000 (750,000 samples) at 400; docs/operating.md has the table.
 */
const bytesOfProcess = 130 * 2 ** 20;
const bytesOfSample = 512;

/**
 * A series that is counted takes more, in samples: it is read out of the state as text and as rows, copied, and written
 * back, beside its sample. `npm run bench -- --only counting`: 496 series peaked at 89 MiB and 50,000, whose state is
 * 5.4 MB, at 221: 2,800 bytes each.
 */
export const samplesOfCounted = 5.5;

/** The least that is allowed, so that small fleets fit the smallest function. */
const leastSamples = 10_000;

/** A whole core is given from this memory on, and below it a share ("Configure Lambda function memory"). */
const megabytesOfCore = 1769;

/**
 * CPU time of a sample, garbage collection included, in microseconds: to read it, and to write it to one sink. The same
 * benchmark: 150,000 samples take 2.9 to 3.3 s to three sinks.
 */
const microsecondsToRead = 6;
const microsecondsToWrite = 5;

/**
 * Of these, to clean the names of what was read and to fold what is left out. 450,000 samples of which two thirds are
 * folded take 2.4 s.
 */
const microsecondsToSettle = 5;

/**
 * The rest is for what does not depend on how much is kept: to read answers whose rest is folded, to wait for servers,
 * and to end before the deadline.
 */
const shareForWork = 0.6;

export interface Capacity {
  readonly samples: number;
  /** What to raise for more, for people. */
  readonly remedy: string;
}

export interface RunResources {
  readonly memoryMegabytes: number;
  /** In a function the share of a core grows with its memory; in a terminal other programs leave more or less of one. */
  readonly runtime: 'lambda' | 'terminal';
  readonly sinks: number;
  /** Begins to measure which share of a core (0 to 1) the process gets; absent where that is known. */
  readonly startCpuMeter?: (() => () => number) | undefined;
}

type Remedies = Readonly<Record<'time' | 'memory', string>>;

const remedies: Readonly<Record<RunResources['runtime'], Remedies>> = {
  lambda: {
    time: 'raise deployment.timeoutSeconds or deployment.memoryMegabytes, by which a function gets its share of a CPU',
    memory: 'raise deployment.memoryMegabytes',
  },
  terminal: {
    time: 'raise --timeout, or run it on a machine that has more CPU time left',
    memory: 'give Node more memory: NODE_OPTIONS=--max-old-space-size=MEGABYTES',
  },
};

/** Two runs of a schedule begin with the same time left, but for this. Milliseconds. */
const jitterMs = 250;

/** What fits both. The time is in whole seconds, so that each scheduled run has the same room and leaves out the same. */
export function computeCapacity(resources: RunResources, remainingMs: number): Capacity {
  const byMemory = countSamplesInMemory(resources.memoryMegabytes);
  const byTime = countSamplesInTime(resources, roundTime(remainingMs), microsecondsToRead);
  return byTime < byMemory
    ? { samples: byTime, remedy: remedies[resources.runtime].time }
    : { samples: byMemory, remedy: remedies[resources.runtime].memory };
}

/** Where a run stands once all is read. */
export interface Reading {
  readonly samples: number;
  /** Time until the deadline of the run. */
  readonly remainingMs: number;
  /** Of a core, that the process got while it read: 0 to 1. */
  readonly cpuShare: number;
}

/**
 * What can still be written once all is read: on a busy machine everything takes several times as long, and a delivery
 * that the deadline cuts off may be worth nothing.
 */
export function computeWritingCapacity(resources: RunResources, reading: Reading): Capacity {
  const workMs = roundTime(reading.remainingMs) * roundShare(reading.cpuShare);
  const settlingMs = (reading.samples * microsecondsToSettle) / 1000 / shareForWork;
  return {
    samples: countSamplesInTime(resources, workMs - settlingMs, 0),
    remedy: remedies[resources.runtime].time,
  };
}

function roundTime(remainingMs: number): number {
  return Math.floor((remainingMs - jitterMs) / 1000) * 1000;
}

/** Down to a half, a quarter and so on, so that two runs on a machine that is equally busy leave out the same. */
function roundShare(cpuShare: number): number {
  return 2 ** Math.floor(Math.log2(cpuShare));
}

/** Samples that a process of this memory can hold. */
export function countSamplesInMemory(memoryMegabytes: number): number {
  return Math.max(leastSamples, Math.floor((memoryMegabytes * 2 ** 20 - bytesOfProcess) / bytesOfSample));
}

/** The least memory, in whole 64 MB, that reads an answer of this size: its pieces as they come, and the whole of them. */
export function estimateAnswerMemory(megabytes: number): number {
  return Math.ceil((bytesOfProcess / 2 ** 20 + 2 * megabytes) / 64) * 64;
}

/** The least memory, in whole 64 MB, that holds so many samples. */
export function estimateMemory(samples: number): number {
  const bytes = bytesOfProcess + samples * bytesOfSample;
  return Math.ceil(bytes / 2 ** 20 / 64) * 64;
}

/** Samples that can be read and written to all sinks in this time. */
function countSamplesInTime(
  { memoryMegabytes, runtime, sinks }: RunResources,
  remainingMs: number,
  readingMicroseconds: number,
): number {
  const share = runtime === 'terminal' ? 1 : Math.min(1, memoryMegabytes / megabytesOfCore);
  const microseconds = Math.max(0, remainingMs) * 1000 * share * shareForWork;
  return Math.max(leastSamples, Math.floor(microseconds / (readingMicroseconds + microsecondsToWrite * sinks)));
}

/** The most that each may have: equal shares, where what one does not need goes to those that need more. */
export function shareOut(wanted: readonly number[], available: number): number {
  let left = available;
  const rising = wanted.toSorted((a, b) => a - b);
  for (const [index, want] of rising.entries()) {
    const level = Math.floor(left / (rising.length - index));
    if (want > level) return level;
    left -= want;
  }
  return Infinity;
}
