/** Tells the first finish of a build from a further one, which a retry by hand brings about. */
import * as z from 'zod';
import { hashKey } from '../../../counters/tick/hash.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { findLeast } from '../../../model/lists/extremes.ts';
import type { Build } from '../user-api/rest-schema.ts';
import { judgeBuild } from './states.ts';
import { parseTime } from '../user-api/times.ts';
import { dayMs } from '../../../model/time.ts';

/** What a finish is of: the build's first attempt, or a further one with what is known of its start. */
export interface Attempt {
  readonly isFirst: boolean;
  /** Epoch milliseconds; undefined where it is not known. */
  readonly startedMs: number | undefined;
  /** Until when the build waited for its first agent; undefined for a further attempt, which waited for a person. */
  readonly waitedUntilMs: number | undefined;
}

/** First finishes of builds that did not succeed, for a retry by hand is nearly always one of these. */
export interface FirstFinishes {
  /** When a build finished first, as far as it is remembered. Epoch milliseconds. */
  firstFinishMs(id: string): number | undefined;
  noteFinish(build: Build): void;
  /** What the next run is to know. */
  remember(): void;
}

const Remembered = z.array(z.tuple([z.string(), z.number()]));
const memoryName = 'unsuccessful-builds';

/**
 * About 25 bytes each, so 50 kB at most. What falls out is the oldest; where jobs are read, they tell a further attempt
 * without this memory.
 */
const mostRemembered = 2_000;
/** A job is retried by hand within days, while the build still matters. */
const rememberedForMs = 7 * dayMs;

export function recallFirstFinishes(ledger: Pick<Ledger, 'recall' | 'remember' | 'now'>): FirstFinishes {
  const known = new Map(ledger.recall(memoryName, Remembered) ?? []);
  return {
    firstFinishMs: (id) => known.get(hashKey(id)),
    noteFinish: (build) => {
      const finishedMs = parseTime(build.finished_at);
      const result = judgeBuild(build)?.result;
      if (finishedMs === undefined || result === undefined || result === 'success') return;
      const key = hashKey(build.id);
      known.set(key, Math.min(known.get(key) ?? Infinity, finishedMs));
    },
    remember: () => {
      const recent = [...known]
        .filter(([, finishedMs]) => ledger.now() - finishedMs < rememberedForMs)
        .toSorted(([, a], [, b]) => b - a);
      ledger.remember(memoryName, recent.slice(0, mostRemembered));
    },
  };
}

/** Buildkite's times of one build differ by fractions of a second, a person's retry by more. */
const slackMs = 1_000;

/**
 * A retry by hand moves the build's `started_at` to the start of the new job, so that it lies behind the end of the one
 * that was retried; and a build that has finished before begins again with that.
 */
export function determineAttempt(build: Build, firstFinishMs: number | undefined): Attempt {
  const finishedMs = parseTime(build.finished_at) ?? Infinity;
  const builtMs = parseTime(build.started_at);
  const jobs = build.jobs.readable;
  const starts = jobs.map(({ started_at }) => parseTime(started_at)).filter((time) => time !== undefined);
  const earliestMs = findLeast([...starts, ...(builtMs === undefined ? [] : [builtMs])]);
  if (firstFinishMs !== undefined && finishedMs - firstFinishMs >= slackMs) {
    const again = starts.filter((time) => time >= firstFinishMs);
    const isMoved = builtMs !== undefined && builtMs >= firstFinishMs;
    return createFurtherAttempt(isMoved ? builtMs : findLeast(again));
  }
  const isMoved = jobs.some((job) => job.retried === true && hasEndedBefore(job, builtMs));
  if (isMoved) return createFurtherAttempt(builtMs);
  return { isFirst: true, startedMs: builtMs, waitedUntilMs: earliestMs };
}

function createFurtherAttempt(startedMs: number | undefined): Attempt {
  return { isFirst: false, startedMs, waitedUntilMs: undefined };
}

function hasEndedBefore({ finished_at }: Build['jobs']['readable'][number], startMs: number | undefined): boolean {
  const endMs = parseTime(finished_at);
  return endMs !== undefined && startMs !== undefined && endMs <= startMs;
}
