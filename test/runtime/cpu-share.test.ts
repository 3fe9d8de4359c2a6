/** Tests of the share of a core that a process is found to get. */
import { describe, expect, it } from 'vitest';
import { type CpuReading, readCpu, startCpuMeter } from '../../lambda/runtime/cpu-share.ts';

function meter(...readings: readonly CpuReading[]): () => number {
  const left = readings.values();
  return startCpuMeter(() => left.next().value ?? { runningMs: 0, busyMs: 0 });
}

describe('the share of a core', () => {
  it('is what the thread ran of the time in which it had work', () => {
    const share = meter({ runningMs: 100, busyMs: 1000 }, { runningMs: 600, busyMs: 3000 });

    expect(share()).toBe(0.25);
  });

  it('is a whole one where other threads of the process count as well', () => {
    expect(meter({ runningMs: 0, busyMs: 0 }, { runningMs: 500, busyMs: 400 })()).toBe(1);
  });

  it('is a whole one for a process that had next to nothing to do', () => {
    expect(meter({ runningMs: 0, busyMs: 0 }, { runningMs: 1, busyMs: 199 })()).toBe(1);
    expect(meter({ runningMs: 0, busyMs: 0 }, { runningMs: 1, busyMs: 200 })()).toBe(0.005);
  });

  it('is read from the process in milliseconds', () => {
    const { runningMs } = readCpu();

    expect(runningMs).toBeGreaterThan(1);
    expect(runningMs).toBeLessThan(performance.now() + 1000);
  });
});
