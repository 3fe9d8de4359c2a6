import { append } from '../../model/append.ts';
import { between, duration, type Random } from '../random.ts';
import type { RunObject, RunStatus } from './objects.ts';
import { type Ending, endings, type PipelinePlan } from './plan.ts';

/** What a run is from a moment on. */
export interface Turn {
  readonly atMs: number;
  readonly run: RunObject;
  /** With the last turn, how it ended. */
  readonly result?: string;
}

interface Identity {
  readonly plan: PipelinePlan;
  readonly number: number;
}

/** The life of a PipelineRun and of its TaskRuns, one after the other, from its creation on. */
export function livesOf(identity: Identity, createdMs: number, random: Random): readonly Turn[] {
  const { plan } = identity;
  const pipelineRun = runsOf('PipelineRun', identity, createdMs);
  const ending = endingOf(random);
  const turns: Turn[] = [{ atMs: createdMs, run: pipelineRun({}) }];
  let atMs = createdMs + between(random, 1, 3) * 1000;
  if (plan.heldSeconds !== undefined) {
    turns.push({ atMs, run: pipelineRun({ open: 'PipelineRunPending' }) });
    atMs += duration(random, plan.heldSeconds) * 1000;
  }
  const startedMs = atMs;
  turns.push({ atMs, run: pipelineRun({ open: 'Running', startedMs }) });
  for (const [index, task] of plan.tasks.entries()) {
    atMs += between(random, 0, 2) * 1000;
    const isLast = index === plan.tasks.length - 1;
    const life = taskLife({ ...identity, task }, atMs, isLast ? ending : success, random);
    append(turns, life.turns);
    atMs = life.endMs;
  }
  atMs += 1000;
  turns.push({
    atMs,
    run: pipelineRun({ ending: ending.reason, startedMs, completedMs: atMs }),
    result: ending.result,
  });
  return turns;
}

const success: Ending = endings[3];

function endingOf(random: Random): Ending {
  let left = random();
  for (const ending of endings) {
    if (left < ending.share) return ending;
    left -= ending.share;
  }
  return success;
}

interface TaskIdentity extends Identity {
  readonly task: string;
}

function taskLife(
  identity: TaskIdentity,
  createdMs: number,
  { taskReason, taskResult }: Ending,
  random: Random,
): { readonly turns: readonly Turn[]; readonly endMs: number } {
  const taskRun = runsOf('TaskRun', identity, createdMs);
  const turns: Turn[] = [{ atMs: createdMs, run: taskRun({}) }];
  let startedMs = createdMs + 1000;
  if (identity.plan.quotaSeconds !== undefined) {
    turns.push({ atMs: startedMs, run: taskRun({ open: 'ExceededResourceQuota' }) });
    startedMs += duration(random, identity.plan.quotaSeconds) * 1000;
  }
  turns.push({ atMs: startedMs, run: taskRun({ open: 'Pending', startedMs }) });
  const stepMs = startedMs + between(random, 2, 20) * 1000;
  turns.push({ atMs: stepMs, run: taskRun({ open: 'Running', startedMs, stepMs }) });
  const endMs = stepMs + duration(random, identity.plan.taskSeconds) * 1000;
  const ended = taskRun({ ending: taskReason, startedMs, stepMs, completedMs: endMs });
  return { turns: [...turns, { atMs: endMs, run: ended, result: taskResult }], endMs };
}

/** A run at one moment; without anything, no controller has seen it. */
interface Moment {
  readonly open?: string;
  readonly ending?: string;
  readonly startedMs?: number;
  readonly stepMs?: number;
  readonly completedMs?: number;
}

function runsOf(
  kind: RunObject['kind'],
  { plan, number, task }: Identity & { readonly task?: string },
  createdMs: number,
): (moment: Moment) => RunObject {
  const { namespace, pipeline, heldSeconds } = plan;
  const base = `${pipeline}-${String(number).padStart(6, '0')}`;
  const name = task === undefined ? base : `${base}-${task}`;
  return (moment) => ({
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      creationTimestamp: time(createdMs),
      labels: {
        'tekton.dev/pipeline': pipeline,
        ...(task === undefined ? {} : { 'tekton.dev/pipelineTask': task }),
        ...(heldSeconds === undefined ? {} : { 'kueue.x-k8s.io/queue-name': 'pipelines-queue' }),
      },
    },
    ...(Object.keys(moment).length === 0 ? {} : { status: statusOf(moment) }),
  });
}

function statusOf({ open, ending, startedMs, stepMs, completedMs }: Moment): RunStatus {
  const verdict = ending === 'Succeeded' ? 'True' : 'False';
  const status = ending === undefined ? 'Unknown' : verdict;
  return {
    conditions: [{ type: 'Succeeded', status, reason: open ?? ending ?? '' }],
    ...(startedMs === undefined ? {} : { startTime: time(startedMs) }),
    ...(completedMs === undefined ? {} : { completionTime: time(completedMs) }),
    ...(stepMs === undefined ? {} : { steps: [stepOf(stepMs, completedMs, ending)] }),
  };
}

function stepOf(stepMs: number, completedMs: number | undefined, ending: string | undefined): object {
  const startedAt = time(stepMs);
  if (completedMs === undefined) return { name: 'run', container: 'step-run', running: { startedAt } };
  const exitCode = ending === 'StepFailed' ? 1 : 0;
  return {
    name: 'run',
    container: 'step-run',
    terminationReason: exitCode === 0 ? 'Completed' : 'Error',
    terminated: { startedAt, finishedAt: time(completedMs), exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' },
  };
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
