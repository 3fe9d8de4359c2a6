/** Tests of running totals: the limit of series, the series `#other#`, and totals that are forgotten. */
import { describe, expect, it } from 'vitest';
import type { CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import {
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsFinished,
} from '../../../lambda/model/catalogue/run-metrics.ts';
import { builds, familiesOf, finishOf, quiet, rig, saw, settings, startMs, sumOf, type Tell } from '../rig.ts';

const dayMinutes = 24 * 60;

function pipelinesOf(counted: CountedTick, metric: string = runsFinished.name): readonly string[] {
  const family = familiesOf(counted).find(({ definition }) => definition.name === metric);
  return [...new Set((family?.samples ?? []).map(({ labels }) => labels['pipeline'] ?? ''))].toSorted();
}

describe('more series than are allowed', () => {
  const three = { settings: { ...settings, maxSeriesPerMetric: 3 } };

  it('are added up in #other#, and who is inside stays inside', async () => {
    const { tick } = rig(three);
    await tick(0, quiet);
    await tick(1, saw(['a', 0.2, { pipeline: 'web' }], ['b', 0.3, { pipeline: 'api' }]));

    const full = await tick(2, saw(['c', 1.2, { pipeline: 'new' }], ['d', 1.3, { pipeline: 'newer' }]));
    const later = await tick(3, saw(['e', 2.2, { pipeline: 'api' }], ['f', 2.3, { pipeline: 'new' }]));

    expect(pipelinesOf(full)).toEqual(['#other#', 'api', 'web']);
    expect(sumOf(full, runsFinished.name, { pipeline: '#other#' })).toEqual({ increase: 2, total: 2 });
    expect(sumOf(later, runsFinished.name, { pipeline: 'api' })).toEqual({ increase: 1, total: 2 });
    expect(sumOf(later, runsFinished.name, { pipeline: '#other#' })).toEqual({ increase: 1, total: 3 });
    expect(sumOf(later)?.total).toBe(6);
  });

  it('are told, by their number', async () => {
    const { tick } = rig(three);
    await tick(0, quiet);

    const counted = await tick(
      1,
      saw(...['a', 'b', 'c', 'd', 'e'].map((name) => [name, 0.2, { pipeline: name }] as const)),
    );

    // Of five pipelines two stay, in each of five metrics.
    expect(counted.outcome === 'counted' && counted.figures.overflow).toBe(15);
    const folded = counted.outcome === 'counted' ? counted.figures.folded : [];
    expect(folded.map(({ most, setting }) => [most, setting])).toContainEqual([3, 'seriesPerMetric']);
    expect(folded.reduce((sum, { labelSets }) => sum + labelSets, 0)).toBe(15);
  });

  it('have no last success: the latest of many pipelines is that of none', async () => {
    const { tick } = rig(three);
    await tick(0, quiet);

    const counted = await tick(1, saw(...['a', 'b', 'c'].map((name) => [name, 0.2, { pipeline: name }] as const)));

    expect(pipelinesOf(counted, runLastSuccess.name)).toEqual(['a', 'b']);
  });

  it('keep labels with a fixed list of values, so that failures of the rest can be told from its successes', async () => {
    const { tick } = rig(three);
    await tick(0, quiet);
    const retry = { attempt: 2 };

    const counted = await tick(
      1,
      saw(...['a', 'b', 'c', 'd'].map((name) => [name, 0.2, { pipeline: name, ...retry }] as const), [
        'd',
        0.3,
        { pipeline: 'd' },
      ]),
    );

    expect(sumOf(counted, runsFinished.name, { pipeline: '#other#', attempt: 'retry' })?.total).toBe(2);
    expect(sumOf(counted, runsFinished.name, { pipeline: '#other#', attempt: 'first' })?.total).toBe(1);
  });
});

describe('a series', () => {
  it('that is declared exists at 0 before its first event', async () => {
    const { tick } = rig();
    const declares: Tell = ({ ledger }) => {
      const labels = { system: 'test', source: 'main', scope: 'acme', pipeline: 'web', branch: 'main' };
      ledger.declare(runsFinished, { ...labels, result: 'failure', attempt: 'first' });
      ledger.noteComplete(builds);
      return [];
    };

    expect(sumOf(await tick(0, declares))).toEqual({ increase: 0, total: 0 });
  });

  it('of other bounds begins anew, while counters go on', async () => {
    const { tick, store } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.5]));

    const other = rig({ store, settings: { ...settings, durationBounds: [60, 600] } });
    const counted = await other.tick(2, saw(['b', 1.2, { seconds: 90 }]));

    const family = familiesOf(counted).find(({ definition }) => definition.name === runDuration.name);
    expect(family?.type === 'distribution' && family.samples.map(({ total }) => total)).toEqual([
      { bounds: [60, 600], counts: [0, 1, 0], sum: 90, startMs: startMs + 2 * 60_000 },
    ]);
    expect(sumOf(counted)?.total).toBe(2);
  });

  it('stays while its pipeline runs: a failure every day does not end the last success', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.5]));
    for (let day = 1; day <= 80; day += 1) {
      const at = day * dayMinutes;
      await tick(at, (told) => {
        told.ledger.noteVendorTime(told.ledger.tickMs);
        return saw([`failed ${String(day)}`, at - 0.5, { result: 'failure' }])(told);
      });
    }

    const counted = await tick(80 * dayMinutes + 1, tellsTheTime);
    const later = await tick(120 * dayMinutes, tellsTheTime);

    expect(verdictOf(counted)).toEqual({ result: 0, finished: 80 * dayMinutes, success: 1 });
    expect(sumOf(counted, runsFinished.name, { result: 'success' })?.total).toBe(1);
    expect(sumOf(later)).toBeUndefined();
    expect(pipelinesOf(later, runLastSuccess.name)).toEqual([]);
  });

  it('of a pipeline that is gone or has another name keeps its totals, and no verdict', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.5], ['b', 0.5, { pipeline: 'api', result: 'failure' }]));

    const counted = await tick(2, ({ ledger }) => {
      ledger.endMarks({ system: 'test', source: 'main', scope: 'acme', pipeline: 'api' });
      ledger.noteComplete(builds);
      return [];
    });
    const back = await tick(3, saw(['c', 2.5, { pipeline: 'api', result: 'failure' }]));

    expect(pipelinesOf(counted, runLastResult.name)).toEqual(['web']);
    expect(pipelinesOf(counted, runLastFinished.name)).toEqual(['web']);
    expect(sumOf(counted, runsFinished.name, { pipeline: 'api' })).toEqual({ increase: 0, total: 1 });
    expect(pipelinesOf(back, runLastResult.name)).toEqual(['api', 'web']);
  });

  it('of a branch that has a name ends with that branch, while its pipeline runs on others', async () => {
    const { tick } = rig();
    const branches =
      (at: number, ...names: readonly string[]): Tell =>
      (told) => {
        told.ledger.noteVendorTime(told.ledger.tickMs);
        for (const name of names) {
          const labels = { system: 'test', source: 'main', scope: 'acme', pipeline: 'web', branch: name };
          const finish = {
            ...finishOf(`${name} ${String(at)}`, startMs + at * 60_000),
            marks: [{ metric: runLastResult, labels, value: 1 }],
          };
          told.ledger.countFinish(builds, finish.key, finish);
        }
        return quiet(told);
      };
    await tick(0, quiet);
    await tick(1, branches(0.5, 'main', 'release/1.0'));
    await tick(30 * dayMinutes, branches(30 * dayMinutes - 1, 'other'));

    const counted = await tick(40 * dayMinutes, tellsTheTime);

    const family = familiesOf(counted).find(({ definition }) => definition.name === runLastResult.name);
    expect(family?.samples.map(({ labels }) => labels['branch'])).toEqual(['main', 'other']);
  });

  it('that nobody touched for 35 days ends, and begins at 0 when it comes back', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.5]));

    const kept = await tick(34 * dayMinutes, tellsTheTime);
    const ended = await tick(37 * dayMinutes, tellsTheTime);
    const back = await tick(37 * dayMinutes + 1, saw(['b', 37 * dayMinutes + 0.5]));

    expect(sumOf(kept)?.total).toBe(1);
    expect(sumOf(ended)).toBeUndefined();
    expect(sumOf(back)).toEqual({ increase: 1, total: 1 });
  });
});

/** What a pipeline is said to have come to: its last verdict, and minutes after the first tick. */
function verdictOf(counted: CountedTick): {
  readonly result?: number;
  readonly finished?: number;
  readonly success?: number;
} {
  const value = (metric: string): number | undefined => {
    const family = familiesOf(counted).find(({ definition }) => definition.name === metric);
    return family?.type === 'gauge' ? family.samples[0]?.value : undefined;
  };
  const minutes = (metric: string): number => Math.round(((value(metric) ?? NaN) - startMs / 1000) / 60);
  return {
    result: value(runLastResult.name) ?? NaN,
    finished: minutes(runLastFinished.name),
    success: minutes(runLastSuccess.name),
  };
}

describe('the verdict of a pipeline', () => {
  const early = { createdAt: 1, result: 'failure' } as const;
  const late = { createdAt: 5, result: 'success' } as const;

  it('is that of the run that was created last, whatever ends after it', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(10, saw(['late', 9, late]));

    const counted = await tick(60, saw(['early', 59, early]));

    expect(verdictOf(counted)).toEqual({ result: 1, finished: 9, success: 9 });
    expect(sumOf(counted)?.total).toBe(2);
  });

  it('does not depend on the order in which the runs are told', async () => {
    const { tick } = rig();
    await tick(0, quiet);

    const counted = await tick(60, saw(['late', 9, late], ['early', 59, early], ['late', 9, late]));

    expect(verdictOf(counted)).toEqual({ result: 1, finished: 9, success: 9 });
  });

  it('is that of the last attempt of the same run', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(10, saw(['a', 9, { createdAt: 1, result: 'failure' }]));

    const counted = await tick(
      20,
      saw(['a', 19, { createdAt: 1, attempt: 2 }], ['a', 9, { createdAt: 1, result: 'failure' }]),
    );

    expect(verdictOf(counted)).toEqual({ result: 1, finished: 19, success: 19 });
  });

  it('goes by the end where nobody tells the creation', async () => {
    const { tick } = rig();
    await tick(0, quiet);

    const counted = await tick(
      60,
      saw(['a', 30, { createdAt: 20, result: 'failure' }], ['b', 40], ['c', 35, { result: 'failure' }]),
    );

    expect(verdictOf(counted)).toEqual({ result: 1, finished: 40, success: 40 });
  });

  it('is compared by its end with one that an older version of the collector has saved', async () => {
    const { tick, store, body } = rig();
    await tick(0, quiet);
    await tick(10, saw(['a', 9, { result: 'failure' }]));
    expect(await body()).toContain(`[0,${String(startMs + 9 * 60_000)}]`);

    const counted = await rig({ store }).tick(20, saw(['b', 19, { createdAt: 8 }]));

    expect(verdictOf(counted)).toMatchObject({ result: 1, finished: 19 });
  });
});

/** Without the vendor's word a clock that has advanced by weeks would be taken for wrong. */
const tellsTheTime: Tell = (told) => {
  told.ledger.noteVendorTime(told.ledger.tickMs);
  return quiet(told);
};
