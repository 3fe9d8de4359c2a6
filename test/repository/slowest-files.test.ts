/** Tests of what `npm test` prints at its end. */
import { describe, expect, it } from 'vitest';
import { describeCounts, describeSlowest, type Report } from '../../scripts/test/summary.ts';

function reportOf(tookMs: readonly number[], pending = 0): Report {
  return {
    numPassedTests: 12,
    numFailedTests: 1,
    numPendingTests: pending,
    testResults: tookMs.map((took, index) => ({
      name: `/repository/test/${String(index)}.test.ts`,
      startTime: 1_000,
      endTime: 1_000 + took,
    })),
  };
}

describe('the end of npm test', () => {
  it('names the slowest files first, with their times in one column', () => {
    expect(describeSlowest(reportOf([900, 61_000, 2_500]), '/repository')).toBe(
      '1m 01s  test/1.test.ts\n 2.5 s  test/2.test.ts\n900 ms  test/0.test.ts\n',
    );
  });

  it('names no more than ten', () => {
    const lines = describeSlowest(reportOf(Array.from({ length: 30 }, (_, index) => index * 1_000)), '/repository');

    expect(lines.trimEnd().split('\n')).toHaveLength(10);
    expect(lines).toMatch(/^\s*29/);
  });

  it('counts what passed, failed and was skipped', () => {
    expect(describeCounts(reportOf([]))).toBe('12 passed, 1 failed\n');
    expect(describeCounts(reportOf([], 3))).toBe('12 passed, 1 failed, 3 skipped\n');
  });
});
