/** Tests of writing samples as JSON lines. */
import { describe, expect, it } from 'vitest';
import { writeJsonLines } from '../../lambda/exposition/write-json-lines.ts';
import { counterOf, distributionOf, gaugeOf } from '../sinks/remote-write/batches.ts';
import { expectGolden } from '../support/golden.ts';

const collectedAtMs = Date.UTC(2026, 10, 21, 9, 30);

describe('JSON lines', () => {
  it('are one object a sample, with the value of its kind', async () => {
    const total = { bounds: [10], counts: [1, 0], sum: 3, startMs: 0 };

    const text = writeJsonLines(
      [
        gaugeOf('ci_queue_jobs', [{ labels: { queue: 'a "b"\nc' }, value: 3 }]),
        counterOf('ci_jobs_total', [
          { labels: { queue: 'a' }, increase: 2 },
          { labels: { queue: 'b' }, increase: 0, total: { value: 41, startMs: 0 } },
        ]),
        distributionOf('ci_job_wait_seconds', [{ labels: {}, observations: [1.5, 2], total }]),
      ],
      collectedAtMs,
    );

    await expectGolden('exposition/json-lines/expected.jsonl', text);
  });

  it.each([
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ])('spell %s out, for JSON would turn it into null', (value, spelled) => {
    const text = writeJsonLines([gaugeOf('ci_x', [{ labels: {}, value }])], collectedAtMs);

    expect(JSON.parse(text)).toMatchObject({ value: spelled });
  });

  it('are no line at all without a sample', () => {
    expect(writeJsonLines([gaugeOf('ci_x', [])], collectedAtMs)).toBe('');
  });
});
