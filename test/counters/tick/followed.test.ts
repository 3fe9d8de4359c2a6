/** Tests of counters that another system keeps and that the collector follows, restarts included. */
import { describe, expect, it } from 'vitest';
import type { CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import type { FollowedHistogram } from '../../../lambda/counters/ledger.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { runDuration, runsFinished } from '../../../lambda/model/catalogue/run-metrics.ts';
import { familiesOf, minuteMs, rig, settings, startMs, type Tell } from '../rig.ts';

const labels = {
  ...{ system: 'test', source: 'main', scope: 'acme', pipeline: 'web' },
  ...{ result: 'success', attempt: 'first', branch: 'main' },
};

function follows(value: number, since?: number): Tell {
  return ({ ledger }) => {
    ledger.follow(runsFinished, labels, since === undefined ? { value } : { value, startMs: since });
    return [];
  };
}

function familyIn(counted: CountedTick, metric: string): MetricFamily | undefined {
  return familiesOf(counted).find(({ definition }) => definition.name === metric);
}

describe('a counter that another system keeps', () => {
  async function stepsOf(...tells: readonly Tell[]) {
    const { tick } = rig();
    const steps = [];
    for (const [at, tell] of tells.entries()) {
      const family = familyIn(await tick(at, tell), runsFinished.name);
      steps.push(family?.type === 'counter' ? family.samples.map(({ increase, total }) => [increase, total]) : []);
    }
    return steps;
  }

  it('is passed on as it is; its first value is no increase', async () => {
    expect(await stepsOf(follows(100), follows(103), follows(103))).toEqual([
      [[0, { value: 100, startMs: 0 }]],
      [[3, { value: 103, startMs: 0 }]],
      [[0, { value: 103, startMs: 0 }]],
    ]);
  });

  it('that fell has begun again at 0, some time since the last tick', async () => {
    expect(await stepsOf(follows(100), follows(4))).toEqual([
      [[0, { value: 100, startMs: 0 }]],
      [[4, { value: 4, startMs }]],
    ]);
  });

  it('that says when it began is believed, even where it has grown past its old value', async () => {
    const restarted = startMs + minuteMs / 2;

    expect(await stepsOf(follows(100, startMs - minuteMs), follows(150, restarted))).toEqual([
      [[0, { value: 100, startMs: startMs - minuteMs }]],
      [[150, { value: 150, startMs: restarted }]],
    ]);
  });

  it('that its system does not show is not known', async () => {
    const steps = await stepsOf(
      follows(100),
      ({ ledger }) => {
        ledger.noteComplete({ name: 'another' });
        return [];
      },
      follows(105),
    );

    expect(steps).toEqual([[[0, { value: 100, startMs: 0 }]], [], [[5, { value: 105, startMs: 0 }]]]);
  });

  it('beyond the cap is left out, not added up: one of the others may restart', async () => {
    const { tick } = rig({ settings: { ...settings, maxSeriesPerMetric: 3 } });

    const counted = await tick(0, ({ ledger }) => {
      for (const pipeline of ['a', 'b', 'c', 'd']) ledger.follow(runsFinished, { ...labels, pipeline }, { value: 7 });
      return [];
    });

    const family = familyIn(counted, runsFinished.name);
    expect(family?.samples.map((sample) => sample.labels['pipeline'])).toEqual(['a', 'b', 'c']);
    expect(counted.outcome === 'counted' && counted.figures.overflow).toBe(1);
    expect(counted.outcome === 'counted' && counted.figures.folded).toMatchObject([{ labelSets: 1, most: 3 }]);
  });
});

describe('a histogram that another system keeps', () => {
  const first: FollowedHistogram = { bounds: [1, 10], counts: [5, 5, 5], sum: 100 };

  async function second(seen: FollowedHistogram) {
    const { tick } = rig();
    const tell =
      (histogram: FollowedHistogram): Tell =>
      ({ ledger }) => {
        ledger.followHistogram(runDuration, labels, histogram);
        return [];
      };
    await tick(0, tell(first));
    const family = familyIn(await tick(1, tell(seen)), runDuration.name);
    return family?.type === 'distribution' ? family.samples[0]?.observations : undefined;
  }

  it('gives what was added as observations in the middle of their buckets', async () => {
    expect(await second({ bounds: [1, 10], counts: [6, 7, 5], sum: 111 })).toEqual([0.5, 5.5, 5.5]);
  });

  it('may have a sum that falls, for values may be negative', async () => {
    expect(await second({ bounds: [1, 10], counts: [6, 5, 5], sum: 90 })).toEqual([0.5]);
  });

  it('of other buckets, or with fewer observations, has begun again', async () => {
    expect(await second({ bounds: [1], counts: [1, 1], sum: 3 })).toEqual([0.5, 1]);
    expect(await second({ bounds: [1, 10], counts: [0, 1, 5], sum: 30 })).toHaveLength(6);
  });
});
