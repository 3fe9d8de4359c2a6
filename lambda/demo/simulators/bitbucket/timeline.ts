/** Draws the whole life of a simulated pipeline run when it is created. */
import { drawBetween, drawDuration, type Random } from '../random.ts';

/** A step whose life is known beforehand; what is seen of it depends on the time. Epoch milliseconds. */
export interface TimedStep {
  readonly uuid: string;
  readonly trigger: 'automatic' | 'manual' | 'redeploy';
  /** The attempt of the run that it belongs to, where it is not the latest. */
  readonly attempt?: number;
  /** Absent for a step that has not been started. */
  readonly startMs?: number;
  readonly endMs?: number;
  readonly result: 'SUCCESSFUL' | 'FAILED' | 'STOPPED' | 'NOT_RUN';
}

/** A `child` is started by a step of another run, which waits for it. */
export type RunKind = 'push' | 'pull-request' | 'schedule' | 'tag' | 'bad-yaml' | 'child';

export interface TimedRun {
  readonly uuid: string;
  readonly number: number;
  readonly attempt: number;
  readonly kind: RunKind;
  readonly branch: string;
  readonly createdMs: number;
  /** When this attempt was asked for; of the first it is the creation. No answer tells it. Epoch milliseconds. */
  readonly rerunMs?: number;
  /** Absent for a run that waits for a person for ever. */
  readonly endMs?: number;
  readonly result: 'SUCCESSFUL' | 'FAILED' | 'ERROR' | 'STOPPED';
  readonly steps: readonly TimedStep[];
}

export interface RunSeed {
  readonly uuid: string;
  readonly number: number;
  readonly createdMs: number;
  /** Most runs of the main branch of such a repository end at a manual step. */
  readonly hasManualStep: boolean;
  /** Simulated seconds that pass in a real one. */
  readonly speed: number;
}

/** Chances of what can become of a run. */
const chance = { badYaml: 0.01, stopped: 0.03, failed: 0.12, pullRequest: 0.35, schedule: 0.1, tag: 0.05 } as const;

/** Each automatic step that runs shows this much of start-up. Seconds. */
const startUp = { least: 11, most: 34 } as const;
const meanStepSeconds = 70;

/** A run with all its steps, from its creation to its end. */
export function createTimedRun(seed: RunSeed, random: Random): TimedRun {
  const { uuid, number, createdMs, hasManualStep } = seed;
  const kind = drawKind(random);
  const branch = kind === 'push' && random() < 0.5 ? 'main' : `feature/${String(number)}`;
  const run = { uuid, number, attempt: 1, kind, branch, createdMs };
  // Recorded: the end of a run with a broken configuration stands 16 ms before its creation.
  if (kind === 'bad-yaml') return { ...run, endMs: createdMs - 16, result: 'ERROR', steps: [] };
  const waitsForPerson = hasManualStep && branch === 'main';
  const { steps, endMs, result } = createSteps(seed, random);
  if (!waitsForPerson || result !== 'SUCCESSFUL') return { ...run, endMs, result, steps };
  const manual: TimedStep = { uuid: formatStepUuid(uuid, steps.length), trigger: 'manual', result: 'SUCCESSFUL' };
  return { ...run, result, steps: [...steps, manual] };
}

function drawKind(random: Random): RunKind {
  const draw = random();
  if (draw < chance.badYaml) return 'bad-yaml';
  if (draw < chance.badYaml + chance.pullRequest) return 'pull-request';
  if (draw < chance.badYaml + chance.pullRequest + chance.schedule) return 'schedule';
  return random() < chance.tag ? 'tag' : 'push';
}

function createSteps(
  { uuid, createdMs, speed }: RunSeed,
  random: Random,
): { readonly steps: readonly TimedStep[]; readonly endMs: number; readonly result: TimedRun['result'] } {
  const count = drawBetween(random, 1, 4);
  const failsAt = random() < chance.failed ? drawBetween(random, 0, count - 1) : count;
  const stopsAt = random() < chance.stopped ? drawBetween(random, 0, count - 1) : count;
  const steps: TimedStep[] = [];
  let atMs = createdMs;
  let result: TimedRun['result'] = 'SUCCESSFUL';
  for (let index = 0; index < count; index += 1) {
    const step = { uuid: formatStepUuid(uuid, index), trigger: 'automatic' as const };
    if (result !== 'SUCCESSFUL') {
      steps.push({ ...step, startMs: atMs, endMs: atMs, result: 'NOT_RUN' });
      continue;
    }
    const waitMs = drawBetween(random, startUp.least, startUp.most) * 1000 + drawBetween(random, 0, 999);
    const workMs = drawDuration(random, meanStepSeconds) * 1000 + drawBetween(random, 0, 999);
    const startMs = atMs + Math.round(waitMs / speed);
    atMs = startMs + Math.round(workMs / speed);
    result = chooseOutcome(index, failsAt, stopsAt);
    steps.push({ ...step, startMs, endMs: atMs, result });
  }
  return { steps, endMs: atMs + drawBetween(random, 30, 900), result };
}

function chooseOutcome(index: number, failsAt: number, stopsAt: number): 'SUCCESSFUL' | 'FAILED' | 'STOPPED' {
  if (index === failsAt) return 'FAILED';
  return index === stopsAt ? 'STOPPED' : 'SUCCESSFUL';
}

function formatStepUuid(run: string, index: number): string {
  return `{${run.slice(1, 10)}00${String(index).padStart(2, '0')}${run.slice(14)}`;
}
