/** How many samples a run can carry by its memory and its time, and how sources share that. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  computeCapacity,
  computeWritingCapacity,
  estimateMemory,
  countSamplesInMemory,
  shareOut,
} from '../../../lambda/model/limits/capacity.ts';

const function512 = { memoryMegabytes: 512, runtime: 'lambda', sinks: 3 } as const;

describe('the capacity of a run', () => {
  it('is that of the time where little is left, and says what gives more', () => {
    const short = computeCapacity(function512, 10_000);
    const long = computeCapacity(function512, 290_000);

    expect(short.samples).toBeLessThan(long.samples);
    expect(short.remedy).toMatch(/timeoutSeconds/);
    expect(long).toEqual({ samples: countSamplesInMemory(512), remedy: 'raise deployment.memoryMegabytes' });
  });

  it('grows with memory, with the share of a core that comes with it, and with fewer sinks', () => {
    const { samples } = computeCapacity(function512, 10_000);

    expect(computeCapacity({ ...function512, memoryMegabytes: 1024 }, 10_000).samples).toBeGreaterThan(1.9 * samples);
    expect(computeCapacity({ ...function512, sinks: 1 }, 10_000).samples).toBeGreaterThan(1.5 * samples);
    expect(computeCapacity({ ...function512, runtime: 'terminal' }, 10_000).samples).toBeGreaterThan(3 * samples);
  });

  it('is the same for two runs that begin some milliseconds apart', () => {
    expect(computeCapacity(function512, 47_999)).toEqual(computeCapacity(function512, 47_800));
    expect(computeCapacity(function512, 10_000)).toEqual(computeCapacity(function512, 9_500));
  });

  it('is less for writing where other programs have most of the machine', () => {
    const terminal = { memoryMegabytes: 4096, runtime: 'terminal', sinks: 1 } as const;
    const capacityFor = (cpuShare: number, samples = 0) =>
      computeWritingCapacity(terminal, { samples, remainingMs: 10_000, cpuShare });
    const whole = capacityFor(1);

    expect(whole.samples).toBeGreaterThan(computeCapacity(terminal, 10_000).samples);
    expect(capacityFor(0.25).samples).toBe(whole.samples / 4);
    expect(capacityFor(0.4)).toEqual(capacityFor(0.25));
    expect(capacityFor(0).samples).toBe(10_000);
    expect(whole.remedy).toMatch(/--timeout/);
    // What has been read has to be folded, which takes as long as to write it to one sink.
    expect(capacityFor(1, 100_000).samples).toBe(whole.samples - 100_000);
  });

  it('names what a terminal has instead of a deployment', () => {
    const terminal = { memoryMegabytes: 512, runtime: 'terminal', sinks: 1 } as const;

    expect(computeCapacity(terminal, 1000).remedy).toMatch(/--timeout/);
    expect(computeCapacity(terminal, 290_000).remedy).toMatch(/--max-old-space-size/);
  });

  it('leaves room for a small fleet however little there is', () => {
    expect(computeCapacity({ ...function512, memoryMegabytes: 128 }, 0).samples).toBe(10_000);
  });

  it('fits into the memory that is told for it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000_000 }), (samples) => {
        expect(countSamplesInMemory(estimateMemory(samples))).toBeGreaterThanOrEqual(samples);
        expect(estimateMemory(samples) % 64).toBe(0);
      }),
    );
  });
});

describe('a share of it', () => {
  it('leaves to those who need more what others do not need', () => {
    expect(shareOut([10, 1000, 1000], 1010)).toBe(500);
    expect(shareOut([10, 20], 100)).toBe(Infinity);
    expect(shareOut([], 100)).toBe(Infinity);
  });

  it('never exceeds what there is, takes from nobody below the level, and does not depend on the order', () => {
    const wanted = fc.array(fc.nat(10_000), { maxLength: 20 });
    fc.assert(
      fc.property(wanted, fc.integer({ min: 0, max: 50_000 }), (sizes, available) => {
        const level = shareOut(sizes, available);
        const given = sizes.map((size) => Math.min(size, level));
        const sum = given.reduce((total, size) => total + size, 0);

        expect(sum).toBeLessThanOrEqual(Math.max(available, 0));
        expect(shareOut(sizes.toReversed(), available)).toBe(level);
        // Less than one sample each is left over.
        if (level !== Infinity) expect(available - sum).toBeLessThan(sizes.length);
      }),
    );
  });
});
