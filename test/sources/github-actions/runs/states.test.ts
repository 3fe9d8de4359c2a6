/** Tests of what each status and conclusion of GitHub means for a run and a job. */
import { describe, expect, it } from 'vitest';
import {
  interpretJobState,
  interpretRunState,
  isHeld,
  type Standing,
} from '../../../../lambda/sources/github-actions/runs/states.ts';

function open(phase: Extract<Standing, { is: 'open' }>['phase'], isKnown = true): Standing {
  return { is: 'open', phase, isKnown };
}

function ended(result: Extract<Standing, { is: 'ended' }>['result'], isKnown = true): Standing {
  return { is: 'ended', result, isKnown };
}

const statuses = [
  ['requested', open('queued')],
  ['queued', open('queued')],
  ['pending', open('limited')],
  ['waiting', open('blocked')],
  ['in_progress', open('running')],
  ['thinking', open('running', false)],
  [null, open('running', false)],
] as const;

const conclusions = [
  ['success', ended('success')],
  ['neutral', ended('success')],
  ['failure', ended('failure')],
  ['startup_failure', ended('error')],
  ['stale', ended('error')],
  ['timed_out', ended('timeout')],
  ['cancelled', ended('cancellation')],
  ['skipped', ended('skip')],
  ['exploded', ended('other', false)],
  [null, ended('other', false)],
] as const;

describe('a run or a job', () => {
  it.each(statuses)('with the status %s is open, whatever conclusion it had before', (status, expected) => {
    expect(interpretRunState({ status, conclusion: null })).toEqual(expected);
    expect(interpretRunState({ status, conclusion: 'failure' })).toEqual(expected);
    expect(interpretJobState({ status, conclusion: null })).toEqual(expected);
  });

  it.each(conclusions)('that is completed with %s has ended', (conclusion, expected) => {
    expect(interpretRunState({ status: 'completed', conclusion })).toEqual(expected);
    expect(interpretJobState({ status: 'completed', conclusion })).toEqual(expected);
  });

  it('that is completed and asks for an action has not ended where it is a run: somebody has to approve it', () => {
    const state = { status: 'completed', conclusion: 'action_required' };

    expect(interpretRunState(state)).toEqual(open('blocked'));
    expect(interpretJobState(state)).toEqual(ended('other', false));
  });

  it('waits for no runner while it is blocked or limited', () => {
    expect(['queued', 'running', 'blocked', 'limited'].map((phase) => isHeld({ phase: phase as 'queued' }))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
