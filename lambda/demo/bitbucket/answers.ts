import { least } from '../../model/extremes.ts';
import type { TimedRun, TimedStep } from './timeline.ts';
import type { SimulatedRepository, SimulatedRunner } from './workspace.ts';

/** The JSON of Bitbucket's objects at a time, as recordings show it. */

/** Times come with 0 to 9 digits after the seconds, as different parts of Bitbucket write them. */
function instant(ms: number, digits: 0 | 3 | 9 = 3): string {
  const text = new Date(ms).toISOString();
  if (digits === 3) return text;
  return digits === 0 ? text.replace(/\.\d+Z$/, 'Z') : text.replace('Z', '000000Z');
}

export function repositoryAnswer({ uuid, plan, createdMs, updatedMs }: SimulatedRepository, workspace: string): object {
  return {
    type: 'repository',
    uuid,
    slug: plan.slug,
    name: plan.slug,
    full_name: `${workspace}/${plan.slug}`,
    project: { type: 'project', key: plan.project },
    mainbranch: { type: 'branch', name: 'main' },
    created_on: instant(createdMs),
    updated_on: instant(updatedMs),
    owner: { display_name: 'Somebody', nickname: 'somebody' },
  };
}

export function pipelineAnswer(run: TimedRun, nowMs: number): object {
  const ended = run.endMs !== undefined && run.endMs <= nowMs;
  return {
    type: 'pipeline',
    uuid: run.uuid,
    build_number: run.number,
    run_number: run.attempt,
    creator: { display_name: 'Somebody' },
    created_on: instant(run.createdMs, 9),
    ...(ended ? { completed_on: instant(run.endMs ?? 0) } : {}),
    state: ended ? completedState('pipeline', run.result) : openState(run, nowMs),
    target: targetOf(run),
    trigger: triggerOf(run),
    duration_in_seconds: ended ? activeSeconds(run) : 0,
    build_seconds_used: ended ? activeSeconds(run) : 0,
    variables: [{ key: 'SECRET', value: 'must-not-be-read' }],
  };
}

function completedState(level: 'pipeline' | 'pipeline_step', result: string): object {
  const type = `${level}_state_completed`;
  return { name: 'COMPLETED', type, result: { name: result, type: `${type}_${result.toLowerCase()}` } };
}

function openState(run: TimedRun, nowMs: number): object {
  const first = least(run.steps.flatMap(({ startMs }) => startMs ?? [])) ?? Infinity;
  if (nowMs < first) return { name: 'PENDING', type: 'pipeline_state_pending' };
  const automatic = run.steps.filter(({ trigger }) => trigger === 'automatic');
  const isDone = automatic.every(({ endMs }) => endMs !== undefined && endMs <= nowMs);
  const stage = isDone && run.endMs === undefined ? 'PAUSED' : 'RUNNING';
  const type = 'pipeline_state_in_progress';
  return { name: 'IN_PROGRESS', type, stage: { name: stage, type: `${type}_${stage.toLowerCase()}` } };
}

function activeSeconds({ steps }: TimedRun): number {
  return steps.reduce(
    (sum, { startMs, endMs }) => sum + Math.round(((endMs ?? 0) - (startMs ?? endMs ?? 0)) / 1000),
    0,
  );
}

function targetOf({ kind, branch, number }: TimedRun): object {
  const commit = { hash: String(number).padStart(40, 'a') };
  switch (kind) {
    case 'pull-request':
      return {
        type: 'pipeline_pullrequest_target',
        source: branch,
        destination: 'main',
        commit,
        selector: { type: 'pull-requests', pattern: '**' },
      };
    case 'tag':
      return {
        type: 'pipeline_ref_target',
        ref_type: 'tag',
        ref_name: `v${String(number)}`,
        commit,
        selector: { type: 'tags', pattern: 'v*' },
      };
    case 'schedule':
      return {
        type: 'pipeline_ref_target',
        ref_type: 'branch',
        ref_name: 'main',
        commit,
        selector: { type: 'custom', pattern: 'nightly' },
      };
    case 'push':
    case 'bad-yaml':
      return {
        type: 'pipeline_ref_target',
        ref_type: 'branch',
        ref_name: branch,
        commit,
        selector: branch === 'main' ? { type: 'branches', pattern: 'main' } : { type: 'default' },
      };
  }
}

function triggerOf({ kind }: TimedRun): object {
  const name = kind === 'schedule' ? 'SCHEDULE' : 'PUSH';
  return { name, type: `pipeline_trigger_${name.toLowerCase()}` };
}

/** Later steps are PENDING from the start. */
export function stepAnswer(step: TimedStep, run: TimedRun, nowMs: number): object {
  const { startMs, endMs } = step;
  const hasStarted = startMs !== undefined && startMs <= nowMs;
  const hasEnded = endMs !== undefined && endMs <= nowMs;
  return {
    type: 'pipeline_step',
    uuid: step.uuid,
    name: 'Build',
    run_number: run.attempt,
    trigger: { type: `pipeline_step_trigger_${step.trigger}` },
    state: stepState(step, hasStarted, hasEnded),
    ...(hasStarted ? { started_on: instant(startMs) } : {}),
    ...(hasEnded
      ? { completed_on: instant(endMs), duration_in_seconds: Math.round((endMs - (startMs ?? endMs)) / 1000) }
      : {}),
    maxTime: 120,
    script_commands: [{ command: 'must-not-be-read' }],
  };
}

function stepState({ result }: TimedStep, hasStarted: boolean, hasEnded: boolean): object {
  if (hasEnded) return completedState('pipeline_step', result);
  if (!hasStarted) return { name: 'PENDING', type: 'pipeline_step_state_pending' };
  const type = 'pipeline_step_state_in_progress';
  return { name: 'IN_PROGRESS', type, stage: { name: 'RUNNING', type: `${type}_running` } };
}

/** `isWorkTold`: with the undocumented `state.step`. */
export function runnerAnswer(runner: SimulatedRunner, isWorkTold: boolean): object {
  const { uuid, name, labels, status, cordoned = false, version, isBusy } = runner;
  return {
    type: 'pipeline_runner',
    uuid,
    name,
    labels,
    state: {
      type: 'pipeline_runner_state',
      status,
      cordoned,
      version: { ...(version === undefined ? {} : { version }), current: '3.2' },
      ...(isWorkTold ? { step: isBusy ? { uuid: '{step}' } : null } : {}),
    },
    oauth_client: { id: 'must-not-be-read' },
  };
}
