/** Tests of what a finished run of Bitbucket adds: its key, counts, durations and log line. */
import { describe, expect, it } from 'vitest';
import { createBranchLabel } from '../../../../lambda/crawl/branch-label.ts';
import {
  type FinishedRun,
  type FollowedRepository,
  interpretRecord,
} from '../../../../lambda/sources/bitbucket-pipelines/runs/finish.ts';
import { PipelineRecord, StepRecord } from '../../../../lambda/sources/bitbucket-pipelines/api/schema.ts';
import { finishSteps } from '../../../../lambda/sources/bitbucket-pipelines/steps/finish-steps.ts';
import { computeStuckTimes } from '../../../../lambda/crawl/stuck-times.ts';

const place: FollowedRepository = {
  source: 'acme',
  workspace: 'acme',
  slug: 'shop',
  mainBranch: 'trunk',
  branchLabel: createBranchLabel(['release/*']),
  steps: 'read',
};

const completed = { name: 'COMPLETED', result: { name: 'SUCCESSFUL' } };

function record(more: object = {}): PipelineRecord {
  return PipelineRecord.parse({
    uuid: '{00000000-0000-4000-8000-000000000042}',
    build_number: 42,
    created_on: '2026-01-02T03:04:05.123456789Z',
    completed_on: '2026-01-02T03:05:14Z',
    state: completed,
    target: { type: 'pipeline_ref_target', ref_type: 'branch', ref_name: 'trunk', selector: { type: 'default' } },
    duration_in_seconds: 21,
    build_seconds_used: 42,
    ...more,
  });
}

function finished(more: object = {}): FinishedRun {
  const sight = interpretRecord(record(more), place);
  if (sight.is === 'open') throw new TypeError('the run is open');
  return sight;
}

describe('a pipeline record', () => {
  it('is a finish with its counts, its marks and a line, once it is completed', () => {
    const { finish, attempt, wallMs } = finished();

    expect({ attempt, wallMs }).toEqual({ attempt: 1, wallMs: 68_877 });
    expect(finish.key).toBe('{00000000-0000-4000-8000-000000000042}#1');
    expect(finish.counts.map(({ metric, increase }) => [metric.name, increase])).toEqual([
      ['ci_runs_total', 1],
      ['ci_bitbucket_build_seconds_total', 42],
    ]);
    expect(finish.counts[0]?.labels).toEqual({
      system: 'bitbucket',
      source: 'acme',
      scope: 'shop',
      pipeline: 'default',
      result: 'success',
      attempt: 'first',
      branch: 'main',
    });
    expect(finish.marks.map(({ metric }) => metric.name)).toEqual([
      'ci_run_last_finished_timestamp_seconds',
      'ci_run_last_result',
      'ci_run_last_success_timestamp_seconds',
    ]);
    expect(finish.line).toMatchObject({ url: 'https://bitbucket.org/acme/shop/pipelines/results/42', number: 42 });
  });

  it('of a re-run has another key, is a retry, and its creation is that of the first', () => {
    const { finish, wallMs } = finished({ run_number: 2 });

    expect(finish.key).toMatch(/#2$/);
    expect(finish.counts[0]?.labels).toMatchObject({ attempt: 'retry' });
    expect(wallMs).toBeUndefined();
  });

  it('that ended 16 ms before its creation, as recorded, took no time and is no fault of a clock', () => {
    const early = { created_on: '2026-01-02T09:09:50.315Z', completed_on: '2026-01-02T09:09:50.299Z' };
    const sight = interpretRecord(record(early), { ...place, steps: 'leave' });

    expect(sight).toMatchObject({ wallMs: 0, finish: { observations: [{ value: 0 }, { value: 0 }] } });
  });

  it('without a time of its end ends after its active time at the earliest', () => {
    const { finishedMs, createdMs } = finished({ completed_on: undefined });

    expect(finishedMs - createdMs).toBe(21_000);
  });

  it.each([
    ['trunk', 'main'],
    ['main', 'other'],
    ['release/9', 'release/9'],
    ['feature/x', 'other'],
  ])('on branch %s counts for %s', (ref_name, branch) => {
    const target = { type: 'pipeline_ref_target', ref_type: 'branch', ref_name, selector: { type: 'branches' } };

    expect(finished({ target })).toMatchObject({ branch, pipeline: 'branches' });
  });

  it.each([
    [{ type: 'pipeline_pullrequest_target', source: 'trunk', selector: { type: 'pull-requests' } }, 'pull-requests'],
    [{ type: 'pipeline_pullrequest_target', source: 'trunk' }, 'pull-requests'],
    [{ type: 'pipeline_commit_target', selector: { type: 'custom', pattern: 'nightly' } }, 'custom/nightly'],
    [{ type: 'pipeline_commit_target', selector: { type: 'custom' } }, 'custom'],
    [{ type: 'pipeline_commit_target', selector: { type: { name: 'custom' }, pattern: 'a' } }, 'custom/a'],
    [
      { type: 'pipeline_ref_target', ref_type: 'tag', ref_name: 'v1', selector: { type: 'tags', pattern: 'v*' } },
      'tags',
    ],
    [undefined, 'other'],
    [{ type: 'pipeline_ref_target', selector: { type: 'moon' } }, 'other'],
  ])('names the pipeline of %j as %s, on no branch', (target, pipeline) => {
    expect(finished({ target })).toMatchObject({ pipeline, branch: 'other' });
  });

  it('that a person stopped, or that has an unknown result, gives no verdict', () => {
    const stopped = finished({ state: { name: 'COMPLETED', result: { name: 'STOPPED' } } });
    const unknown = finished({ state: { name: 'COMPLETED', result: { name: 'ASCENDED' } } });

    expect(stopped.finish.marks).toEqual([]);
    expect(unknown.finish.marks).toEqual([]);
    expect(unknown.finish.counts.map(({ metric }) => metric.name)).toContain('ci_system_errors_total');
  });
});

/** Offsets in seconds from the creation of the run, as recorded. */
type Recorded = readonly (readonly [startSeconds: number, endSeconds: number, more?: object])[];

function stepsAt(createdMs: number, recorded: Recorded): readonly StepRecord[] {
  const at = (seconds: number): string => new Date(createdMs + Math.round(seconds * 1000)).toISOString();
  return recorded.map(([start, end, more], index) =>
    StepRecord.parse({
      uuid: `{${String(index)}}`,
      state: completed,
      started_on: at(start),
      completed_on: at(end),
      trigger: { type: 'pipeline_step_trigger_automatic' },
      ...more,
    }),
  );
}

function valuesFor(name: string, createdMs: number, recorded: Recorded, more: object = {}): readonly number[] {
  const run = { ...finished(more), createdMs };
  const { observations } = finishSteps(run, stepsAt(createdMs, recorded), place);
  return observations.filter(({ metric }) => metric.name === name).map(({ value }) => value);
}

/** To the millisecond. */
function near(seconds: number): unknown {
  return expect.closeTo(seconds, 3);
}

const createdMs = Date.parse('2026-01-02T03:04:05.123Z');
const redeploy = { trigger: { type: 'pipeline_step_trigger_redeploy' } };
const stopped = { state: { name: 'COMPLETED', result: { name: 'STOPPED' } } };
const notRun = { state: { name: 'COMPLETED', result: { name: 'NOT_RUN' } } };

describe('the waits of steps', () => {
  it.each<readonly [string, Recorded, readonly number[]]>([
    ['one step', [[12.376, 26.801]], [12.376]],
    [
      'three in turn',
      [
        [12.503, 22.255],
        [33.521, 39.457],
        [63.682, 68.724],
      ],
      [12.503, 11.266, 24.225],
    ],
    [
      'a redeployment, listed first',
      [
        [141.335, 146.054, redeploy],
        [33.669, 38.828],
        [50.105, 58.104],
      ],
      [33.669, 11.277],
    ],
    [
      'two at once, and one after them',
      [
        [10, 70],
        [12, 72],
        [80, 90],
      ],
      [10, 12, 8],
    ],
    [
      'stopped before the start',
      [
        [1.777, 1.777, stopped],
        [1.955, 1.955, notRun],
        [1.997, 1.997, notRun],
      ],
      [],
    ],
    ['none', [], []],
  ])('are those of the recordings: %s', (_, recorded, waits) => {
    expect(valuesFor('ci_job_wait_seconds', createdMs, recorded)).toEqual(waits.map(near));
  });

  it('of the first step of a re-run are not known, nor is that of the re-run', () => {
    const recorded: Recorded = [
      [50_012, 50_020],
      [50_030, 50_040],
    ];

    expect(valuesFor('ci_job_wait_seconds', createdMs, recorded, { run_number: 2 })).toEqual([10]);
    expect(valuesFor('ci_run_wait_seconds', createdMs, recorded, { run_number: 2 })).toEqual([]);
  });

  it('leave the duration of the run to the time from its first step', () => {
    expect(valuesFor('ci_run_duration_seconds', createdMs, [[12.5, 22.2]])).toEqual([expect.closeTo(56.377, 3)]);
    expect(valuesFor('ci_run_wait_seconds', createdMs, [[12.5, 22.2]])).toEqual([12.5]);
  });
});

const manual = { trigger: { type: 'pipeline_step_trigger_manual' } };
const failed = { state: { name: 'COMPLETED', result: { name: 'FAILED' } } };
const days = 24 * 3600;

/** Of a run that begins ten seconds after its creation and ends at a second. */
function activeUntil(end: number, recorded: Recorded): readonly number[] {
  const completed_on = new Date(createdMs + end * 1000).toISOString();
  return valuesFor('ci_run_active_duration_seconds', createdMs, recorded, { completed_on });
}

describe('the active duration of a run', () => {
  it.each<readonly [string, number, Recorded, number]>([
    [
      'one that nobody held, with the waits for runners in it',
      400,
      [
        [10, 70],
        [300, 400],
      ],
      390,
    ],
    [
      'a manual step that was started after three days',
      3 * days + 60,
      [
        [10, 70],
        [3 * days, 3 * days + 60, manual],
      ],
      120,
    ],
    [
      'a redeployment, listed first',
      2 * days + 5,
      [
        [2 * days, 2 * days + 5, redeploy],
        [10, 70],
        [80, 100],
      ],
      95,
    ],
    [
      'two steps at once, and a manual one after them',
      days + 10,
      [
        [10, 70],
        [12, 90],
        [days, days + 10, manual],
      ],
      90,
    ],
    [
      'one that was stopped while it waited for a person',
      5 * days,
      [
        [10, 70],
        [5 * days, 5 * days, { ...manual, ...stopped }],
      ],
      60,
    ],
    [
      'one that was stopped days after a step of it had failed',
      5 * days,
      [
        [10, 70, failed],
        [5 * days, 5 * days, notRun],
      ],
      60,
    ],
    [
      'one that was stopped while it waited for a runner',
      1000,
      [
        [10, 70],
        [1000, 1000, stopped],
      ],
      990,
    ],
  ])('is without people: %s', (_, end, recorded, active) => {
    expect(activeUntil(end, recorded)).toEqual([near(active)]);
  });

  it('is unknown where no step ran', () => {
    expect(activeUntil(10, [[1, 1, stopped]])).toEqual([]);
  });

  it('is what Bitbucket tells where steps are left, and unknown where it tells nothing, or of a re-run', () => {
    const observed = (more: object) => {
      const sight = interpretRecord(record(more), { ...place, steps: 'leave' });
      if (sight.is === 'open') throw new TypeError('the run is open');
      return sight.finish.observations.map(({ metric, value }) => [metric.name, value]);
    };

    expect(observed({})).toEqual([
      ['ci_run_duration_seconds', 68.877],
      ['ci_run_active_duration_seconds', 21],
    ]);
    expect(observed({ duration_in_seconds: null })).toEqual([['ci_run_duration_seconds', 68.877]]);
    expect(observed({ run_number: 2 })).toEqual([]);
  });
});

describe('what is usual for a pipeline', () => {
  const atLeastMs = 3_600_000;
  const runs = (more: object): readonly FinishedRun[] => [1, 2, 3].map(() => finished(more));
  const stuckAfterMs = (seen: readonly FinishedRun[]): number =>
    computeStuckTimes(seen, atLeastMs)({ pipeline: 'default', askedMs: 0 });

  it('is the time that machines worked: a day in which a person was waited for makes no hang usual', () => {
    const held = { completed_on: '2026-01-03T03:04:05Z', duration_in_seconds: 1800 };

    expect(stuckAfterMs(runs(held))).toBe(2 * atLeastMs);
  });

  it('is the time from creation to end where Bitbucket tells nothing else', () => {
    const untold = { completed_on: '2026-01-02T04:34:05.123Z', duration_in_seconds: null };

    expect(stuckAfterMs(runs(untold))).toBe(6 * atLeastMs);
  });
});
