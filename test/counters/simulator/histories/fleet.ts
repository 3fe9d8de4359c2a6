/** The simulated CI systems of a simulation, by the rules of the lists that each of them has. */

/**
 * Whose rules a simulation has. `finish`: finished attempts are listed by when they ended. `created`: runs are listed by
 * when they were created. `bitbucket` and `github`: the same, read by the code of the sources `bitbucket-pipelines` and
 * `github-actions`, the latter beside the events of its webhook.
 */
export const kinds = ['finish', 'created', 'bitbucket', 'github'] as const;
export type Kind = (typeof kinds)[number];

/** Those whose source is a real one, which crawls repositories. */
export type CrawledKind = Extract<Kind, 'bitbucket' | 'github'>;

export function isCrawled(kind: Kind): kind is CrawledKind {
  return kind === 'bitbucket' || kind === 'github';
}

/** What is generated of a run; seconds, so that a counterexample is readable. */
export interface RunSpec {
  /** After the beginning of the simulation; negative for what was there before. */
  readonly createdS: number;
  /** Each further one is a re-run with the same id. */
  readonly attempts: readonly AttemptSpec[];
  /** The list shows it so much later. */
  readonly listLagS: number;
  /** The record is so much older than the truth: a finished run is shown as running. */
  readonly recordLagS: number;
  /** So long after its end the vendor deletes it. */
  readonly prunedAfterS: number | undefined;
  /** How its webhook tells of it; undefined: not at all. */
  readonly told?: ToldSpec | undefined;
}

/** Of each attempt, the webhook tells of the beginning and of the end. */
export interface ToldSpec {
  readonly beginDelayS: number;
  readonly endDelayS: number;
  readonly loses: 'requested' | 'completed' | undefined;
  readonly repeats: boolean;
}

export interface AttemptSpec {
  /** From the creation, or from the end of the attempt before. */
  readonly afterS: number;
  readonly waitS: number;
  /** Undefined: it never ends. Negative: clocks of the vendor disagree. */
  readonly durationS: number | undefined;
}

export interface Attempt {
  readonly runId: string;
  readonly number: number;
  readonly createdMs: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly waitS: number;
  readonly durationS: number;
  /** `must`: has to be counted once; `may`: no poll has to be able to see it, and it is counted once at most. */
  readonly duty: 'must' | 'may';
}

export interface Run {
  readonly id: string;
  readonly createdMs: number;
  readonly attempts: readonly Attempt[];
  readonly listLagMs: number;
  readonly recordLagMs: number;
  /** Infinity: never. */
  readonly prunedMs: number;
  readonly told: ToldSpec | undefined;
}

export function runOf(spec: RunSpec, index: number, kind: Kind, baseMs: number): Run {
  const id = `run-${String(index)}`;
  const createdMs = baseMs + spec.createdS * 1000;
  const attempts: Attempt[] = [];
  let fromMs = createdMs;
  for (const [position, { afterS, waitS, durationS }] of spec.attempts.entries()) {
    const isLast = position === spec.attempts.length - 1;
    const startedMs = fromMs + (afterS + waitS) * 1000;
    const finishedMs = durationS === undefined ? Infinity : startedMs + durationS * 1000;
    // A list by creation has one row a run: its next attempt hides a finish that was not read yet.
    const isHidden = kind !== 'finish' && !isLast;
    const duty = isHidden || spec.prunedAfterS !== undefined || durationS === undefined ? 'may' : 'must';
    attempts.push({
      runId: id,
      number: position + 1,
      createdMs,
      startedMs,
      finishedMs,
      waitS,
      durationS: durationS ?? 0,
      duty,
    });
    if (durationS === undefined) break;
    fromMs = Math.max(finishedMs, startedMs);
  }
  const lastMs = attempts.at(-1)?.finishedMs ?? Infinity;
  return {
    id,
    createdMs,
    attempts,
    listLagMs: spec.listLagS * 1000,
    recordLagMs: spec.recordLagS * 1000,
    prunedMs: spec.prunedAfterS === undefined ? Infinity : lastMs + spec.prunedAfterS * 1000,
    told: spec.told,
  };
}

/** The attempt that the vendor shows at a time, or undefined while there is none. */
export function attemptAt({ attempts }: Run, nowMs: number): Attempt | undefined {
  return attempts.findLast((attempt, index) => {
    const before = attempts[index - 1];
    // A re-run exists from when it was asked for, which is when the attempt before has long ended.
    return index === 0 || (before !== undefined && nowMs >= attempt.startedMs - attempt.waitS * 1000);
  });
}
