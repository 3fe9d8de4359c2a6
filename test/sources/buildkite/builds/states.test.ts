/** Tests of what each state of Buildkite's jobs and builds means. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapBuildState, judgeBuild, judgeJob } from '../../../../lambda/sources/buildkite/builds/states.ts';
import { mapWaitingState } from '../../../../lambda/sources/buildkite/queues/read-backlog.ts';
import { parseTime } from '../../../../lambda/sources/buildkite/user-api/times.ts';

describe('a job of Buildkite', () => {
  it.each([
    [{ state: 'passed' }, 'success', undefined],
    [{ state: 'PASSED' }, 'success', undefined],
    [{ state: 'failed', exit_status: 1 }, 'failure', undefined],
    [{ state: 'failed', exit_status: 0 }, 'failure', undefined],
    [{ state: 'failed', exit_status: null }, 'failure', undefined],
    [{ state: 'failed', exit_status: 1, soft_failed: true }, 'success', undefined],
    [{ state: 'failed', exit_status: -1 }, 'error', 'agent lost'],
    [{ state: 'failed', exit_status: -1, signal: null }, 'error', 'agent lost'],
    [{ state: 'failed', exit_status: -1, signal: 'SIGKILL' }, 'failure', undefined],
    [{ state: 'failed', exit_status: -1, signal: 'SIGTERM', signal_reason: 'cancel' }, 'failure', undefined],
    [{ state: 'failed', exit_status: -1, signal: 'SIGTERM', signal_reason: 'agent_stop' }, 'error', 'agent stopped'],
    [{ state: 'failed', exit_status: -1, signal_reason: 'process_run_error' }, 'error', 'process not started'],
    [{ state: 'failed', exit_status: -1, signal_reason: 'agent_stop' }, 'error', 'agent stopped'],
    [{ state: 'failed', exit_status: -1, signal_reason: 'agent_refused' }, 'error', 'agent refused'],
    [{ state: 'failed', exit_status: -1, signal_reason: 'agent_incompatible' }, 'error', 'agent refused'],
    [{ state: 'failed', exit_status: -1, signal_reason: 'signature_rejected' }, 'error', 'agent refused'],
    [{ state: 'failed', exit_status: 1, signal_reason: 'stack_error' }, 'error', 'stack error'],
    [{ state: 'failed', exit_status: 1, signal_reason: 'something new' }, 'failure', undefined],
    [{ state: 'expired' }, 'error', 'expired'],
    [{ state: 'timed_out' }, 'timeout', undefined],
    [{ state: 'canceled' }, 'cancellation', undefined],
    [{ state: 'cancelled' }, 'cancellation', undefined],
    [{ state: 'skipped' }, 'skip', undefined],
    [{ state: 'broken' }, 'skip', undefined],
    [{ state: 'waiting_failed' }, 'skip', undefined],
    [{ state: 'blocked_failed' }, 'skip', undefined],
    [{ state: 'unblocked_failed' }, 'skip', undefined],
    [{ state: 'teleported' }, 'other', 'unknown state'],
  ])('that says %j ended in %s, with the fault %s', (job, result, error) => {
    const verdict = judgeJob(job);

    expect([verdict?.result, verdict?.systemError?.error]).toEqual([result, error]);
  });

  it.each([
    ...['pending', 'waiting', 'blocked', 'unblocked', 'limiting', 'limited', 'platform_limiting', 'platform_limited'],
    ...['scheduled', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out', 'RUNNING'],
  ])('in the state %s has not ended', (state) => {
    expect(judgeJob({ state })).toBeUndefined();
  });

  it.each([
    ['SCHEDULED', 'queued'],
    ['RESERVED', 'reserved'],
    ['LIMITING', 'limited'],
    ['LIMITED', 'limited'],
    ['PLATFORM_LIMITING', 'limited'],
    ['PLATFORM_LIMITED', 'limited'],
    ['scheduled', 'queued'],
    ['RUNNING', undefined],
    ['WAITING', undefined],
    ['TELEPORTED', undefined],
  ])('in the state %s waits as %s', (state, waits) => {
    expect(mapWaitingState(state)).toBe(waits);
  });

  it('in whatever state is open, or has one result of the list', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.integer()), fc.option(fc.string()), (state, exit_status, signal_reason) => {
        const verdict = judgeJob({ state, exit_status, signal_reason });
        const results = ['success', 'failure', 'error', 'timeout', 'cancellation', 'skip', 'other', undefined];
        expect(results).toContain(verdict?.result);
      }),
    );
  });
});

describe('a build of Buildkite', () => {
  it.each([
    ['passed', 'success'],
    ['failed', 'failure'],
    ['canceled', 'cancellation'],
    ['skipped', 'skip'],
    ['not_run', 'skip'],
    ['teleported', 'other'],
  ])('that is %s ended in %s', (state, result) => {
    expect(judgeBuild({ state })?.result).toBe(result);
  });

  it.each([
    [{ state: 'creating' }, 'pending'],
    [{ state: 'scheduled' }, 'pending'],
    [{ state: 'blocked' }, 'pending'],
    [{ state: 'passed', blocked: true }, 'pending'],
    [{ state: 'failed', blocked: true }, 'pending'],
    [{ state: 'running' }, 'executing'],
    [{ state: 'failing' }, 'executing'],
    [{ state: 'canceling' }, 'finalizing'],
  ])('that says %j has not ended and is %s', (build, state) => {
    expect(judgeBuild(build)).toBeUndefined();
    expect(mapBuildState(build)).toBe(state);
  });
});

describe('a time of Buildkite', () => {
  it.each([
    ['2023-05-03T04:17:55.867Z', Date.UTC(2023, 4, 3, 4, 17, 55, 867)],
    ['2019-08-11 06:01:16 UTC', Date.UTC(2019, 7, 11, 6, 1, 16)],
    ['2023-05-03T04:17:55+02:00', Date.UTC(2023, 4, 3, 2, 17, 55)],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%s is %s', (text, time) => {
    expect(parseTime(text)).toBe(time);
  });
});
