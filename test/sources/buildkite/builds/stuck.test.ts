/** Tests of how long builds of a pipeline usually take, and of those that are stuck. */
import { describe, expect, it } from 'vitest';
import { learnPipelines } from '../../../../lambda/sources/buildkite/builds/known-pipelines.ts';
import { mapOpenBuilds } from '../../../../lambda/sources/buildkite/builds/map-open-builds.ts';
import { Build } from '../../../../lambda/sources/buildkite/user-api/rest-schema.ts';

const startMs = Date.UTC(2026, 0, 5, 10);
const day = 24 * 60;

function timeAt(minute: number | undefined): string | undefined {
  return minute === undefined ? undefined : new Date(startMs + minute * 60_000).toISOString();
}

function job(runnable: number, started?: number, finished?: number): object {
  const state = finished === undefined ? 'running' : 'passed';
  const times = { runnable_at: timeAt(runnable), started_at: timeAt(started), finished_at: timeAt(finished) };
  return { id: `job ${String(runnable)}`, type: 'script', state, ...times };
}

function build(number: number, state: string, jobs: readonly object[], finished?: number) {
  const times = { created_at: timeAt(0), started_at: timeAt(1), finished_at: timeAt(finished) };
  return { pipeline: 'web', build: Build.parse({ id: `build ${String(number)}`, number, state, ...times, jobs }) };
}

function stuckAt(minute: number, open: ReturnType<typeof build>, known = {}): number | undefined {
  const nowMs = startMs + minute * 60_000;
  const families = mapOpenBuilds({ source: 'main', scope: 'acme', builds: [open], known, nowMs });
  const family = families.find(({ definition }) => definition.name === 'ci_runs_stuck');
  return family?.type === 'gauge' ? family.samples[0]?.value : undefined;
}

/** Ten minutes of work before a block step, ten after it was unblocked three days later. */
const unblocked = [job(0, 1, 10), job(3 * day, 3 * day + 1, 3 * day + 10)];
const known = learnPipelines(
  {},
  [1, 2, 3].map((number) => build(number, 'passed', unblocked, 3 * day + 10 + number)),
  startMs,
);

describe('what is usual for a pipeline', () => {
  it('is the time that machines worked, not the days in which a person was waited for', () => {
    expect(known['web']?.seconds.at(-1)).toBe(20 * 60);
  });

  it('has the time in which a triggered build ran', () => {
    const trigger = { type: 'trigger', state: 'passed', runnable_at: timeAt(10), finished_at: timeAt(70) };
    const seconds = learnPipelines({}, [build(1, 'passed', [job(0, 1, 10), trigger, job(70, 71, 80)], 80)], startMs);

    expect(seconds['web']?.seconds).toEqual([80 * 60]);
  });

  it('is from start to end where no jobs are read', () => {
    const seconds = learnPipelines({}, [build(1, 'passed', [], 31)], startMs)['web']?.seconds;

    expect(seconds).toEqual([30 * 60]);
  });
});

describe('an open build', () => {
  const resumed = build(9, 'running', [job(0, 1, 10), job(3 * day, 3 * day + 1)]);

  it('that was unblocked after three days is not stuck in its first minutes', () => {
    expect(stuckAt(3 * day + 2, resumed, known)).toBe(0);
  });

  it('is stuck when it hangs after that, within hours', () => {
    expect(stuckAt(3 * day + 59, resumed, known)).toBe(0);
    expect(stuckAt(3 * day + 61, resumed, known)).toBe(1);
  });

  it('of yesterday whose job is run again counts from that', () => {
    expect(stuckAt(day + 5, build(9, 'running', [job(day, day + 1)]), known)).toBe(0);
  });

  it('counts from its first job while one follows the other', () => {
    const busy = build(9, 'running', [job(0, 1, 30), job(31, 32, 59), job(60, 61)]);

    expect(stuckAt(61, busy, known)).toBe(1);
  });

  it('counts from its start where no jobs are read', () => {
    expect(stuckAt(60, build(9, 'running', []), known)).toBe(0);
    expect(stuckAt(62, build(9, 'running', []), known)).toBe(1);
  });
});
