/** Tests of the share of builds that passed, as the demo shows it. */
import { describe, expect, it } from 'vitest';
import { formatPassRate } from '../../../lambda/cli/demo/pass-rate.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import { buildCounter } from '../../../lambda/model/metric.ts';
import { runsFinished } from '../../../lambda/model/catalogue/run-metrics.ts';
import { tickMs } from '../samples.ts';

type Runs = readonly [result: string, attempt: string, increase: number, total?: number];

function batchWith(runs: readonly Runs[], system = 'buildkite'): Batch {
  const common = { system, source: 'main', scope: 'acme', pipeline: 'web', branch: 'main' };
  const samples = runs.map(([result, attempt, increase, total]) => ({
    labels: { ...common, result, attempt },
    increase,
    ...(total === undefined ? {} : { total: { value: total, startMs: 0 } }),
  }));
  const families = [buildCounter(runsFinished, samples)];
  const part = { system, source: 'main', status: 'complete', families } as const;
  return { tickMs, collectedAtMs: tickMs, sources: [part], health: [] };
}

describe('how many builds passed', () => {
  it.each<[string, readonly Runs[], string | undefined]>([
    ['nothing before one has finished', [['success', 'first', 0, 0]], undefined],
    ['one', [['success', 'first', 1, 1]], '1 build finished: 100 % passed, 100 % at the first attempt'],
    [
      'totals, not what was added last',
      [
        ['success', 'first', 1, 90],
        ['failure', 'first', 0, 10],
      ],
      '100 builds finished: 90 % passed, 90 % at the first attempt',
    ],
    [
      'what was added, where no total is known',
      [
        ['success', 'first', 1],
        ['error', 'first', 1],
      ],
      '2 builds finished: 50 % passed, 50 % at the first attempt',
    ],
    [
      'a retry apart from a first attempt',
      [
        ['failure', 'first', 0, 1],
        ['success', 'retry', 0, 1],
      ],
      '2 builds finished: 50 % passed, 0 % at the first attempt',
    ],
    [
      'no verdict of cancelled and skipped builds',
      [
        ['success', 'first', 0, 1],
        ['cancellation', 'first', 0, 8],
        ['skip', 'retry', 0, 1],
      ],
      '10 builds finished: 100 % passed, 100 % at the first attempt',
    ],
    ['only a number where nothing was judged', [['cancellation', 'first', 2, 2]], '2 builds finished'],
    ['only the rate of all, where all are retries', [['timeout', 'retry', 2, 2]], '2 builds finished: 0 % passed'],
  ])('tells %s', (_, runs, text) => {
    expect(formatPassRate(batchWith(runs))).toBe(text);
  });

  it('leaves out attestations of builds that their own system counts', () => {
    expect(formatPassRate(batchWith([['failure', 'first', 5, 5]], 'chainloop'))).toBeUndefined();
  });
});
