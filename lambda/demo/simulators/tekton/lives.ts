/** Plays the lives of runs as the controller writes them. */
import { append } from '../../../model/lists/append.ts';
import { drawBetween, drawDuration, type Random } from '../random.ts';
import type { RunObject, RunStatus } from './objects.ts';
import { type Ending, endings, type PipelinePlan, success } from './plan.ts';
import { buildSteps, formatTime } from './steps.ts';

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
  /** Simulated seconds that pass in a real one. */
  readonly speed: number;
}

/** The life of a PipelineRun and of its TaskRuns, one after the other, from its creation on. */
export function playLives(identity: Identity, createdMs: number, random: Random): readonly Turn[] {
  const { plan, speed } = identity;
  const pipelineRun = prepareRun('PipelineRun', identity, createdMs);
  const ending = drawEnding(random);
  const turns: Turn[] = [{ atMs: createdMs, run: pipelineRun({}) }];
  let atMs = createdMs + convertToMs(drawBetween(random, 1, 3), speed);
  if (plan.heldSeconds !== undefined) {
    turns.push({ atMs, run: pipelineRun({ open: 'PipelineRunPending' }) });
    atMs += convertToMs(drawDuration(random, plan.heldSeconds), speed);
  }
  const startedMs = atMs;
  turns.push({ atMs, run: pipelineRun({ open: 'Running', startedMs }) });
  for (const [index, task] of plan.tasks.entries()) {
    atMs += convertToMs(drawBetween(random, 0, 2), speed);
    const isLast = index === plan.tasks.length - 1;
    const life = playTask({ ...identity, task }, atMs, isLast ? ending : success, random);
    append(turns, life.turns);
    atMs = life.endMs;
  }
  atMs += convertToMs(1, speed);
  turns.push({
    atMs,
    run: pipelineRun({ ending: ending.reason, startedMs, completedMs: atMs }),
    result: ending.result,
  });
  return turns;
}

/** Simulated seconds in the real milliseconds that they take. */
function convertToMs(seconds: number, speed: number): number {
  return Math.round((seconds * 1000) / speed);
}

function drawEnding(random: Random): Ending {
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

/** Ends with `failTaskRun` of the controller, which does not wait for the containers. */
const endedByController: ReadonlySet<string> = new Set(['TaskRunCancelled', 'TaskRunImagePullFailed']);

function playTask(
  identity: TaskIdentity,
  createdMs: number,
  ending: Ending,
  random: Random,
): { readonly turns: readonly Turn[]; readonly endMs: number } {
  const { plan, speed } = identity;
  const { taskReason, taskResult, statusMessage } = ending;
  const taskRun = prepareRun('TaskRun', identity, createdMs);
  const turns: Turn[] = [{ atMs: createdMs, run: taskRun({}) }];
  let startedMs = createdMs + convertToMs(1, speed);
  if (plan.quotaSeconds !== undefined) {
    turns.push({ atMs: startedMs, run: taskRun({ open: 'ExceededResourceQuota' }) });
    startedMs += convertToMs(drawDuration(random, plan.quotaSeconds), speed);
  }
  turns.push({ atMs: startedMs, run: taskRun({ open: 'Pending', startedMs }) });
  const stepMs = startedMs + convertToMs(drawBetween(random, 2, 20), speed);
  const isCut = endedByController.has(taskReason);
  const end = { ending: taskReason, startedMs, isCut, ...(statusMessage === undefined ? {} : { statusMessage }) };
  if (isCut && (taskReason === 'TaskRunImagePullFailed' || random() < 0.5)) {
    // Nothing of it has run; what waits is ended.
    return {
      turns: [...turns, { atMs: stepMs, run: taskRun({ ...end, completedMs: stepMs }), result: taskResult }],
      endMs: stepMs,
    };
  }
  turns.push({ atMs: stepMs, run: taskRun({ open: 'Running', startedMs, stepMs }) });
  const endMs = stepMs + convertToMs(drawDuration(random, plan.taskSeconds), speed);
  const ended = taskRun({ ...end, stepMs, completedMs: endMs });
  return { turns: [...turns, { atMs: endMs, run: ended, result: taskResult }], endMs };
}

/** A run at one moment; an empty one stands for a run that no controller has seen. */
interface Moment {
  readonly open?: string;
  readonly ending?: string;
  readonly startedMs?: number;
  readonly stepMs?: number;
  readonly completedMs?: number;
  /** The controller has ended it over its steps. */
  readonly isCut?: boolean;
  /** Of its spec. */
  readonly statusMessage?: string;
}

function prepareRun(
  kind: RunObject['kind'],
  identity: Identity & { readonly task?: string },
  createdMs: number,
): (moment: Moment) => RunObject {
  const { plan, number, task } = identity;
  const base = `${plan.pipeline}-${String(number).padStart(6, '0')}`;
  const name = task === undefined ? base : `${base}-${task}`;
  return (moment) => {
    const isSeen = Object.keys(moment).length > 0;
    const { statusMessage } = moment;
    return {
      apiVersion: 'tekton.dev/v1',
      kind,
      metadata: {
        name,
        namespace: plan.namespace,
        uid: `${plan.namespace}-${name}`,
        creationTimestamp: formatTime(createdMs),
        labels: buildLabels(identity, base, isSeen),
      },
      ...(statusMessage === undefined ? {} : { spec: { status: 'TaskRunCancelled', statusMessage } }),
      ...(isSeen ? { status: buildStatus(moment, createdMs, task === undefined ? undefined : name) } : {}),
    };
  };
}

/** A PipelineRun gets the label of its pipeline from the controller; a TaskRun has its labels from the beginning. */
function buildLabels(
  { plan, task }: Identity & { readonly task?: string },
  pipelineRun: string,
  isSeen: boolean,
): Readonly<Record<string, string>> {
  const pipeline = { 'tekton.dev/pipeline': plan.isEmbedded === true ? pipelineRun : plan.pipeline };
  const queue = plan.heldSeconds === undefined ? {} : { 'kueue.x-k8s.io/queue-name': 'pipelines-queue' };
  if (task === undefined) return isSeen ? { ...pipeline, ...queue } : queue;
  return {
    ...pipeline,
    'tekton.dev/pipelineRun': pipelineRun,
    'tekton.dev/pipelineTask': task,
    'tekton.dev/memberOf': 'tasks',
    ...queue,
  };
}

function buildStatus(moment: Moment, createdMs: number, taskRun: string | undefined): RunStatus {
  const { open, ending, startedMs, completedMs } = moment;
  const verdict = ending === 'Succeeded' ? 'True' : 'False';
  const status = ending === undefined ? 'Unknown' : verdict;
  return {
    conditions: [{ type: 'Succeeded', status, reason: open ?? ending ?? '' }],
    ...(startedMs === undefined ? {} : { startTime: formatTime(startedMs) }),
    ...(completedMs === undefined ? {} : { completionTime: formatTime(completedMs) }),
    ...(taskRun === undefined ? {} : buildPod(moment, createdMs, taskRun)),
  };
}

/** The pod is made once the TaskRun has started; until then its name is empty, for the definition wants one. */
function buildPod(moment: Moment, createdMs: number, taskRun: string): object {
  return moment.startedMs === undefined
    ? { podName: '' }
    : { podName: `${taskRun}-pod`, steps: buildSteps({ ...moment, createdMs }) };
}
