/** Tests that the benchmark knows the work that nobody can avoid. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { measurePhysicalWork } from '../../scripts/bench/physical-work.ts';

describe('work that nobody can avoid', () => {
  it('is that of one run, and grows with what is parsed and compressed', () => {
    const answer = JSON.stringify(Array.from({ length: 50_000 }, (_, index) => ({ index })));
    const body = { encoding: 'gzip', body: gzipSync(answer) };

    const small = measurePhysicalWork(['{}'], [], 1);
    const parsed = measurePhysicalWork([answer], [], 1);

    expect(parsed).toBeGreaterThan(small);
    expect(measurePhysicalWork([answer], [body, body], 1)).toBeGreaterThan(parsed);
  });
});
