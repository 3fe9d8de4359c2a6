/** Tests of runs that wait for a person to press a button: what is counted, and when. */
import { describe, expect, it } from 'vitest';
import type { TimedRun, TimedStep } from '../../../../lambda/demo/simulators/bitbucket/timeline.ts';
import { minuteMs, opened, type Opened, run, secondMs, startMs } from '../opened.ts';

/** Days of hours over loopback; no statement about speed. */
const timeout = 300_000;

const dayMinutes = 24 * 60;
const at = (minutes: number): number => startMs + minutes * minuteMs;

const built = { startMs: at(2), endMs: at(3) };

/** A build of a minute that waits for a person from the third minute on. */
function waiting(manual: Partial<TimedStep> = {}, more: Partial<TimedRun> = {}): TimedRun {
  return run(at(2) - 20 * secondMs, [built, { trigger: 'manual', ...manual }], more);
}

interface Figures {
  readonly runs: Readonly<Record<string, number>>;
  readonly jobs: Readonly<Record<string, number>>;
  readonly charged: Readonly<Record<string, number>>;
  readonly lastResult: Readonly<Record<string, number>>;
  readonly lastSuccess: Readonly<Record<string, number>>;
  readonly active: Readonly<Record<string, number>>;
}

async function figuresAfter(bitbucket: Opened, minutes: number): Promise<Figures> {
  const { values } = await bitbucket.tick(minutes);
  const runs = values('ci_runs_total', 'result');
  return {
    runs: Object.fromEntries(Object.entries(runs).filter(([, count]) => count > 0)),
    jobs: values('ci_jobs_total', 'result'),
    charged: values('ci_bitbucket_build_seconds_total', 'pipeline'),
    lastResult: values('ci_run_last_result', 'pipeline'),
    lastSuccess: values('ci_run_last_success_timestamp_seconds', 'pipeline'),
    active: values('ci_runs_active', 'state'),
  };
}

describe('a run that waits for a person', { timeout }, () => {
  it('has its ended steps and its charge counted, is the last success, and has not ended', async () => {
    await using bitbucket = await opened({});
    await bitbucket.tick();
    bitbucket.workspace.add('shop', waiting());

    const figures = await figuresAfter(bitbucket, 15);

    expect(figures).toEqual({
      runs: {},
      jobs: { success: 1 },
      charged: { branches: 60 },
      lastResult: { branches: 1 },
      lastSuccess: { branches: at(3) / 1000 },
      active: { pending: 0, executing: 0, waiting: 1 },
    });
    expect(await figuresAfter(bitbucket, 30)).toEqual(figures);
  });

  it('counts the rest once a person has pressed, and nothing twice', async () => {
    await using bitbucket = await opened({});
    await bitbucket.tick();
    bitbucket.workspace.add('shop', waiting());
    await figuresAfter(bitbucket, 15);
    const deployed = { startMs: at(60), endMs: at(62) };

    bitbucket.workspace.add('shop', waiting({ ...deployed, result: 'FAILED' }, { endMs: at(62), result: 'FAILED' }));
    await figuresAfter(bitbucket, 40);
    const figures = await figuresAfter(bitbucket, 30);

    expect(figures).toMatchObject({
      runs: { failure: 1 },
      jobs: { success: 1, failure: 1 },
      charged: { branches: 180 },
      lastResult: { branches: 0 },
    });
  });

  it('a second time counts what has run between, once', async () => {
    await using bitbucket = await opened({});
    await bitbucket.tick();
    bitbucket.workspace.add('shop', run(at(2), [built, { trigger: 'manual' }, { trigger: 'manual' }]));
    await figuresAfter(bitbucket, 15);
    const staged = { trigger: 'manual', startMs: at(20), endMs: at(22) } as const;

    bitbucket.workspace.add('shop', run(at(2), [built, { ...staged, endMs: at(40) }, { trigger: 'manual' }]));
    await figuresAfter(bitbucket, 6);
    bitbucket.workspace.add('shop', run(at(2), [built, staged, { trigger: 'manual' }]));
    await figuresAfter(bitbucket, 5);
    const figures = await figuresAfter(bitbucket, 10);

    expect(figures).toMatchObject({ runs: {}, jobs: { success: 2 }, charged: { branches: 180 } });
  });

  it('that nobody presses is let go after a week and counts as what Bitbucket shows: a success', async () => {
    await using bitbucket = await opened({});
    await bitbucket.tick();
    bitbucket.workspace.add('shop', waiting());
    await figuresAfter(bitbucket, 15);

    const before = await figuresAfter(bitbucket, 6 * dayMinutes);
    const after = await figuresAfter(bitbucket, dayMinutes);
    const later = await figuresAfter(bitbucket, dayMinutes);

    expect(before.runs).toEqual({});
    expect(after).toMatchObject({ runs: { success: 1 }, jobs: { success: 1 }, charged: { branches: 60 } });
    expect(later).toMatchObject({ runs: { success: 1 }, jobs: { success: 1 }, charged: { branches: 60 } });
  });

  it('and is pressed after it was let go counts no second time, but says how it ended', async () => {
    await using bitbucket = await opened({});
    await bitbucket.tick();
    bitbucket.workspace.add('shop', waiting());
    await figuresAfter(bitbucket, 15);
    await figuresAfter(bitbucket, 8 * dayMinutes);

    const end = bitbucket.now() + minuteMs;
    const deployed = { startMs: end - 30 * secondMs, endMs: end, result: 'FAILED' as const };
    bitbucket.workspace.add('shop', waiting(deployed, { endMs: end, result: 'FAILED' }));
    const figures = await figuresAfter(bitbucket, 40);

    expect(figures).toMatchObject({
      runs: { success: 1 },
      jobs: { success: 1, failure: 1 },
      charged: { branches: 90 },
      lastResult: { branches: 0 },
    });
  });

  it('after a failed step is no success', async () => {
    await using bitbucket = await opened({});
    await bitbucket.tick();
    bitbucket.workspace.add('shop', run(at(2), [{ ...built, result: 'FAILED' }, { trigger: 'manual' }]));

    const figures = await figuresAfter(bitbucket, 15);

    expect(figures).toMatchObject({ jobs: { failure: 1 }, lastResult: {} });
  });

  it('counts its charge and its success where steps are left, too', async () => {
    await using bitbucket = await opened({ settings: { steps: 'leave' } });
    await bitbucket.tick();
    bitbucket.workspace.add('shop', waiting());

    const figures = await figuresAfter(bitbucket, 15);

    expect(figures).toMatchObject({ runs: {}, jobs: {}, charged: { branches: 60 }, lastResult: { branches: 1 } });
    expect(await figuresAfter(bitbucket, 30)).toEqual(figures);
  });
});
