/** Measures which share of a core the process gets while it has work to do. */
import { performance } from 'node:perf_hooks';

/** Both since the process began. Milliseconds. */
export interface CpuReading {
  /** Time in which the thread ran. */
  readonly runningMs: number;
  /** Time in which the thread ran or waited for a core: all that is no waiting for the network or a timer. */
  readonly busyMs: number;
}

/** What a process has done that was busy for a shorter time says nothing of how busy the machine is. */
const leastBusyMs = 200;

export function readCpu(): CpuReading {
  const { user, system } = process.threadCpuUsage();
  return { runningMs: (user + system) / 1000, busyMs: performance.eventLoopUtilization().active };
}

/**
 * Begins to measure; what it returns gives the share (0 to 1) of a core that the process got since then. One half means
 * that work takes twice as long as its CPU time: other processes have the rest.
 */
export function startCpuMeter(read: () => CpuReading = readCpu): () => number {
  const before = read();
  return () => {
    const after = read();
    const busyMs = after.busyMs - before.busyMs;
    if (busyMs < leastBusyMs) return 1;
    return Math.min(1, (after.runningMs - before.runningMs) / busyMs);
  };
}
