/** Chooses which repositories to visit in a tick. Pure: the crawl, the forecast of a dry run and the tests share it. */
import { pickFirst } from '../model/lists/pick-first.ts';
import type { Watched } from './watched.ts';
import { minuteMs, dayMs } from '../model/time.ts';

/** A pipeline that waits for a person is as likely to go on as a quiet repository is to start one. */
const heldIntervalMs = 5 * minuteMs;

/** Scheduled and manual runs move nothing that could be asked for more cheaply; this is how late they may be found. */
const longestIntervalMs = 30 * minuteMs;

/** Pipelines are switched on by a push, which makes a repository hot; this is for what a push did not show. */
const withoutPipelinesMs = dayMs;

/** The first pipeline comes by a push, nearly always; until then there is nothing to miss by looking rarely. */
const emptyMs = 60 * minuteMs;

/** A repository that has been silent for x is asked again after x / 12: a run that starts is found early in its rhythm. */
const silenceShare = 1 / 12;

/** Pushes are told by the probe; this is for what it does not show. */
const shortestIntervalMs = 10 * minuteMs;

/** How long after a visit the next one is due; 0 is every tick. */
export function computeVisitInterval(repository: Watched, nowMs: number): number {
  const { open, hotUntilMs, pipelines, ranMs, hintedMs } = repository;
  if (open.moving > 0 || nowMs < hotUntilMs || hintedMs !== undefined) return 0;
  if (pipelines === 'none') return withoutPipelinesMs;
  if (pipelines === 'empty') return emptyMs;
  const byRhythm = Math.min(longestIntervalMs, Math.max(shortestIntervalMs, (nowMs - ranMs) * silenceShare));
  return open.held > 0 ? Math.min(heldIntervalMs, byRhythm) : byRhythm;
}

/** Requests that visits may use in a tick. */
export interface VisitBudget {
  readonly most: number;
  /** What is used even when nothing is due: requests that would be lost make the figures fresher instead. */
  readonly spare: number;
}

/** Of the visits of a tick, kept for repositories that nothing urgent is known of: new runs are found only there. */
const sweepShare = 0.5;

/** With requests to spare, this much of an interval is enough. */
const earlyShare = 0.1;

/**
 * The visits of this tick: those with a hint first, then what is open or hot, in turn, and a share for the others,
 * latest first.
 */
export function planVisits<Item extends Watched>(
  repositories: readonly Item[],
  nowMs: number,
  visitBudget: VisitBudget,
): readonly Item[] {
  const most = Math.max(0, Math.floor(visitBudget.most));
  const spare = Math.max(0, Math.floor(visitBudget.spare));
  const urgent: Due<Item>[] = [];
  const others: Due<Item>[] = [];
  const early: Due<Item>[] = [];
  for (const repository of repositories) {
    const intervalMs = computeVisitInterval(repository, nowMs);
    const lateness = computeLateness(repository, intervalMs, nowMs);
    if (lateness >= 1) (intervalMs === 0 ? urgent : others).push({ repository, lateness });
    else if (lateness >= earlyShare && repository.pipelines !== 'none') early.push({ repository, lateness });
  }
  const reserved = Math.min(others.length, Math.ceil(most * sweepShare));
  const first = pickFirst(urgent, most - reserved, compareUnseen);
  const then = pickFirst(others, most - first.length, compareLateness);
  const room = Math.min(most, spare) - first.length - then.length;
  const also = pickFirst(early, room, compareLateness);
  return [...first, ...then, ...also].map(({ repository }) => repository);
}

interface Due<Item extends Watched = Watched> {
  readonly repository: Item;
  readonly lateness: number;
}

/** 1 is just due. One that was never visited is later than all others. */
function computeLateness({ visitedMs }: Watched, intervalMs: number, nowMs: number): number {
  if (visitedMs === 0) return Infinity;
  if (nowMs <= visitedMs) return 0;
  return intervalMs === 0 ? Infinity : (nowMs - visitedMs) / intervalMs;
}

/** Those with a hint first, then all others in turn; after equal visits the one that ran last, and then by id, so that the order never depends on the list. */
function compareUnseen({ repository: a }: Due, { repository: b }: Due): number {
  return (
    Number(b.hintedMs !== undefined) - Number(a.hintedMs !== undefined) ||
    a.visitedMs - b.visitedMs ||
    b.ranMs - a.ranMs ||
    compareIds(a, b)
  );
}

function compareLateness(a: Due, b: Due): number {
  if (a.lateness !== b.lateness) return b.lateness > a.lateness ? 1 : -1;
  return b.repository.ranMs - a.repository.ranMs || compareIds(a.repository, b.repository);
}

function compareIds(a: Watched, b: Watched): number {
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
