/** Tests of what each state of Bitbucket's runs and steps means. */
import { describe, expect, it } from 'vitest';
import { mapOpenSteps } from '../../../../lambda/sources/bitbucket-pipelines/steps/open-steps.ts';
import { StepRecord } from '../../../../lambda/sources/bitbucket-pipelines/api/schema.ts';
import { interpretRunState, interpretStepState } from '../../../../lambda/sources/bitbucket-pipelines/runs/states.ts';
import { expectGolden } from '../../../support/golden.ts';

interface StateCase {
  readonly name?: string;
  readonly stage?: string;
  readonly result?: string;
  readonly type?: string;
}

const pipelineStates: readonly StateCase[] = [
  { name: 'PARSING' },
  { name: 'PARSING', stage: 'PARSING' },
  { name: 'PENDING' },
  { name: 'PENDING', stage: 'PENDING' },
  // Old records carry a result in states that have none.
  { name: 'PENDING', result: 'FAILED' },
  { name: 'IN_PROGRESS' },
  { name: 'IN_PROGRESS', stage: 'RUNNING' },
  { name: 'IN_PROGRESS', stage: 'PENDING' },
  { name: 'IN_PROGRESS', stage: 'PAUSED' },
  { name: 'IN_PROGRESS', stage: 'HALTED' },
  { name: 'IN_PROGRESS', stage: 'DREAMING' },
  { name: 'COMPLETED', result: 'SUCCESSFUL' },
  { name: 'COMPLETED', result: 'FAILED' },
  { name: 'COMPLETED', result: 'ERROR' },
  { name: 'COMPLETED', result: 'STOPPED' },
  { name: 'COMPLETED', result: 'EXPIRED' },
  { name: 'COMPLETED', result: 'NOT_RUN' },
  { name: 'COMPLETED', result: 'ASCENDED' },
  { name: 'COMPLETED' },
  { name: 'completed', result: 'successful' },
  { name: 'LEVITATING' },
  { type: 'pipeline_state_pending' },
  { type: 'pipeline_state_in_progress_running' },
  { type: 'pipeline_state_in_progress_paused' },
  { type: 'pipeline_state_completed_stopped' },
  { type: 'pipeline_state_unheard_of' },
  {},
];

const stepStates: readonly StateCase[] = [
  { name: 'READY' },
  { name: 'PENDING' },
  { name: 'PENDING', stage: 'PENDING' },
  { name: 'PENDING', stage: 'PAUSED' },
  { name: 'PENDING', stage: 'HALTED' },
  { name: 'PENDING', stage: 'DREAMING' },
  { name: 'IN_PROGRESS' },
  { name: 'IN_PROGRESS', stage: 'RUNNING' },
  { name: 'IN_PROGRESS', stage: 'PENDING' },
  { name: 'COMPLETED', result: 'SUCCESSFUL' },
  { name: 'COMPLETED', result: 'FAILED' },
  { name: 'COMPLETED', result: 'ERROR' },
  { name: 'COMPLETED', result: 'STOPPED' },
  { name: 'COMPLETED', result: 'EXPIRED' },
  { name: 'COMPLETED', result: 'NOT_RUN' },
  { name: 'COMPLETED', result: 'ASCENDED' },
  { name: 'LEVITATING' },
  { type: 'pipeline_step_state_ready' },
  { type: 'pipeline_step_state_in_progress_running' },
  { type: 'pipeline_step_state_completed_not_run' },
  {},
];

function stateOf({ name, type, stage, result }: StateCase) {
  const named = (text: string | undefined) => (text === undefined ? undefined : { name: text, type: undefined });
  return { name, type, stage: named(stage), result: named(result) };
}

function lineOf(state: StateCase, standing: object): string {
  return `${JSON.stringify(state)} -> ${JSON.stringify(standing)}`;
}

describe('the states of Bitbucket', () => {
  it('have one meaning each, and an unknown one is other and counted', async () => {
    const lines = [
      '# pipelines',
      ...pipelineStates.map((state) => lineOf(state, interpretRunState(stateOf(state)))),
      '# steps',
      ...stepStates.map((state) => lineOf(state, interpretStepState(stateOf(state)))),
    ];

    await expectGolden('bitbucket-pipelines/states.txt', `${lines.join('\n')}\n`);
  });
});

const createdMs = Date.UTC(2026, 0, 5, 9);

function step(name: string, more: object = {}): StepRecord {
  return StepRecord.parse({ uuid: `{${name}}`, state: { name }, trigger: { name: 'automatic' }, ...more });
}

const running = { attempt: 1, askedMs: createdMs, phase: 'running' as const };
const manual = { trigger: { type: 'pipeline_step_trigger_manual' } };

describe('the steps of an open run', () => {
  it.each([
    [
      'later steps of a running one are not queued',
      running,
      ['IN_PROGRESS', 'PENDING', 'PENDING', 'PENDING'],
      [0, 1, 3],
    ],
    ['ready steps are queued', running, ['READY', 'READY', 'PENDING'], [2, 0, 1]],
    ['between two steps the next one is queued', running, ['COMPLETED', 'PENDING', 'PENDING'], [1, 0, 1]],
    [
      'nothing of a halted one is queued',
      { ...running, phase: 'halted' as const },
      ['COMPLETED', 'PENDING', 'PENDING'],
      [0, 0, 2],
    ],
    [
      'nothing of a paused one is queued',
      { ...running, phase: 'paused' as const },
      ['COMPLETED', 'PENDING'],
      [0, 0, 1],
    ],
    [
      'a new one has its first step queued',
      { ...running, phase: 'pending' as const },
      ['PENDING', 'PENDING'],
      [1, 0, 1],
    ],
  ])('%s', (_, run, names, [queued, isRunning, blocked]) => {
    const [level, ...others] = mapOpenSteps(
      run,
      names.map((name) => step(name)),
    );

    expect(others).toEqual([]);
    expect(level).toMatchObject({ queue: 'unspecified', queued, running: isRunning, blocked });
  });

  it('are never queued for a person: the first automatic one is', () => {
    const levels = mapOpenSteps(running, [step('COMPLETED'), step('PENDING', manual)]);

    expect(levels).toMatchObject([{ queued: 0, blocked: 1 }]);
  });

  it('wait since the end of the step before, or since the creation of the run', () => {
    const ended = new Date(createdMs + 90_000).toISOString();

    const [later] = mapOpenSteps(running, [step('COMPLETED', { completed_on: ended }), step('PENDING')]);
    const [first] = mapOpenSteps({ ...running, phase: 'pending' }, [step('PENDING')]);

    expect(later?.queuedSinceMs).toBe(createdMs + 90_000);
    expect(first?.queuedSinceMs).toBe(createdMs);
  });

  it('stand in the queue of their runner labels or their size, where these are told', () => {
    const labelled = step('READY', { runner: { labels: ['self.hosted', 'linux', 'gpu', 'big'] } });
    const plainRunner = step('READY', { runner: { labels: ['linux', 'self.hosted'] } });

    const levels = mapOpenSteps(running, [labelled, plainRunner, step('READY', { size: '2x' })]);

    expect(levels.map(({ queue }) => queue)).toEqual(['big+gpu', 'linux', 'cloud.2x']);
  });

  it('of another attempt are not of this one', () => {
    const levels = mapOpenSteps({ ...running, attempt: 2 }, [
      step('COMPLETED', { run_number: 1 }),
      step('IN_PROGRESS', { run_number: 2 }),
    ]);

    expect(levels).toMatchObject([{ running: 1, queued: 0, blocked: 0 }]);
  });
});
