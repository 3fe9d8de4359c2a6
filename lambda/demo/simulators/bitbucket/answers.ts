/** The JSON of Bitbucket's objects at a time, as recordings show it. */
import type { TimedRun, TimedStep } from './timeline.ts';
import type { SimulatedRepository, SimulatedRunner } from './workspace.ts';

/** Times come with 0 to 9 digits after the seconds, as different parts of Bitbucket write them. */
function formatInstant(ms: number, digits: 0 | 3 | 9 = 3): string {
  const text = new Date(ms).toISOString();
  if (digits === 3) return text;
  return digits === 0 ? text.replace(/\.\d+Z$/, 'Z') : text.replace('Z', '000000Z');
}

export function mapRepository({ uuid, plan, createdMs, updatedMs }: SimulatedRepository, workspace: string): object {
  return {
    type: 'repository',
    uuid,
    slug: plan.slug,
    name: plan.slug,
    full_name: `${workspace}/${plan.slug}`,
    project: { type: 'project', key: plan.project },
    mainbranch: { type: 'branch', name: 'main' },
    created_on: formatInstant(createdMs),
    updated_on: formatInstant(updatedMs),
    owner: { display_name: 'Somebody', nickname: 'somebody' },
  };
}

export function mapPipeline(run: TimedRun, nowMs: number): object {
  const ended = run.endMs !== undefined && run.endMs <= nowMs;
  return {
    type: 'pipeline',
    uuid: run.uuid,
    build_number: run.number,
    run_number: run.attempt,
    creator: { display_name: 'Somebody' },
    created_on: formatInstant(run.createdMs, 9),
    ...(ended ? { completed_on: formatInstant(run.endMs ?? 0) } : {}),
    state: ended ? buildCompletedState('pipeline', run.result) : buildOpenState(run, nowMs),
    target: buildTarget(run),
    trigger: buildTrigger(run),
    duration_in_seconds: sumActiveSeconds(run, nowMs),
    build_seconds_used: sumActiveSeconds(run, nowMs),
    variables: [{ key: 'SECRET', value: 'must-not-be-read' }],
  };
}

function buildCompletedState(level: 'pipeline' | 'pipeline_step', result: string): object {
  const type = `${level}_state_completed`;
  return { name: 'COMPLETED', type, result: { name: result, type: `${type}_${result.toLowerCase()}` } };
}

/** The word of a run in the filter of its list, which is not that of its state. */
export function describeStatus(run: TimedRun, nowMs: number): string {
  if (run.endMs !== undefined && run.endMs <= nowMs) return run.result === 'SUCCESSFUL' ? 'PASSED' : run.result;
  const stage = findStage(run, nowMs);
  return stage === 'RUNNING' ? 'BUILDING' : stage;
}

function buildOpenState(run: TimedRun, nowMs: number): object {
  const stage = findStage(run, nowMs);
  if (stage === 'PENDING') return { name: 'PENDING', type: 'pipeline_state_pending' };
  const type = 'pipeline_state_in_progress';
  return { name: 'IN_PROGRESS', type, stage: { name: stage, type: `${type}_${stage.toLowerCase()}` } };
}

/** Paused when the next step is one that a person has to start. */
function findStage({ steps }: TimedRun, nowMs: number): 'PENDING' | 'RUNNING' | 'PAUSED' {
  if (steps.every(({ startMs }) => !isBy(startMs, nowMs))) return 'PENDING';
  const unfinished = steps.filter(({ endMs }) => !isBy(endMs, nowMs));
  const isAnyRunning = unfinished.some(({ startMs }) => isBy(startMs, nowMs));
  return !isAnyRunning && unfinished[0]?.trigger === 'manual' ? 'PAUSED' : 'RUNNING';
}

function isBy(ms: number | undefined, nowMs: number): boolean {
  return ms !== undefined && ms <= nowMs;
}

/** Of the steps that have ended by now: a run that waits for a person is charged for what has run. */
function sumActiveSeconds({ steps }: TimedRun, nowMs: number): number {
  const ended = steps.filter(({ endMs }) => isBy(endMs, nowMs));
  return ended.reduce(
    (sum, { startMs, endMs }) => sum + Math.round(((endMs ?? 0) - (startMs ?? endMs ?? 0)) / 1000),
    0,
  );
}

function buildTarget({ kind, branch, number }: TimedRun): object {
  const commit = { hash: String(number).padStart(40, 'a') };
  switch (kind) {
    case 'pull-request':
      return {
        type: 'pipeline_pullrequest_target',
        source: branch,
        destination: 'main',
        commit,
        // Recorded: an object in place of the word.
        selector: { type: { name: 'pull-requests', type: 'pipeline_selector_type' }, pattern: '**' },
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
    case 'child':
      return {
        type: 'pipeline_ref_target',
        ref_type: 'branch',
        ref_name: branch,
        commit,
        selector: { type: 'custom', pattern: 'child' },
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

const triggerNames: ReadonlyMap<TimedRun['kind'], string> = new Map([
  ['schedule', 'SCHEDULE'],
  ['child', 'PARENT_STEP'],
]);

function buildTrigger({ kind }: TimedRun): object {
  const name = triggerNames.get(kind) ?? 'PUSH';
  return { name, type: `pipeline_trigger_${name.toLowerCase()}` };
}

/** Later steps are PENDING from the start. */
export function mapStep(step: TimedStep, run: TimedRun, nowMs: number): object {
  const { startMs, endMs } = step;
  const hasStarted = startMs !== undefined && startMs <= nowMs;
  const hasEnded = endMs !== undefined && endMs <= nowMs;
  return {
    type: 'pipeline_step',
    uuid: step.uuid,
    name: 'Build',
    run_number: step.attempt ?? run.attempt,
    trigger: { type: `pipeline_step_trigger_${step.trigger}` },
    state: buildStepState(step, hasStarted, hasEnded),
    ...(hasStarted ? { started_on: formatInstant(startMs) } : {}),
    ...(hasEnded
      ? { completed_on: formatInstant(endMs), duration_in_seconds: Math.round((endMs - (startMs ?? endMs)) / 1000) }
      : {}),
    maxTime: 120,
    script_commands: [{ command: 'must-not-be-read' }],
  };
}

function buildStepState({ result }: TimedStep, hasStarted: boolean, hasEnded: boolean): object {
  if (hasEnded) return buildCompletedState('pipeline_step', result);
  if (!hasStarted) return { name: 'PENDING', type: 'pipeline_step_state_pending' };
  const type = 'pipeline_step_state_in_progress';
  return { name: 'IN_PROGRESS', type, stage: { name: 'RUNNING', type: `${type}_running` } };
}

/** `isWorkShown`: with the undocumented `state.step`. */
export function mapRunner(runner: SimulatedRunner, isWorkShown: boolean): object {
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
      ...(isWorkShown ? { step: isBusy ? { uuid: '{step}' } : null } : {}),
    },
    oauth_client: { id: 'must-not-be-read' },
  };
}
