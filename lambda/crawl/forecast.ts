/** Plays the visits of an organization of some size, minute by minute, to say how fresh its figures can be. */
import { refill, type SavedRequests, shares, computeSpare, computeSustainedPerHour } from './rate.ts';
import type { Watched } from './watched.ts';
import { planVisits } from './plan-visits.ts';
import {
  computeDiscoveryInterval,
  isProbeWorthwhile,
  computeProbeInterval,
  repositoriesPerPage,
  computeRunnersInterval,
} from './intervals.ts';
import { minuteMs, dayMs } from '../model/time.ts';

/** How fresh the figures of an organization of some size can be; ages are of visits to repositories, in milliseconds. */
export interface Forecast {
  readonly repositories: number;
  readonly requestsPerHour: number;
  /** Sent in the simulated hour, everything included. */
  readonly used: number;
  /** Oldest visit to a repository with an open run, at any tick of the hour. */
  readonly openMs: number;
  /** Oldest visit to one that had a run within the last hour. */
  readonly recentMs: number;
  /** Oldest visit to any that has pipelines. */
  readonly quietMs: number;
  /** From the beginning or the end of a run to the visit that shows it, where a webhook sends hints: the longest. */
  readonly hintedMs: number;
}

/** What the forecast takes for a usual organization: a few repositories at work, some that were, and many at rest. */
const share = { open: 0.02, recent: 0.1 } as const;

/** How long a usual run is open. */
const runMinutes = 6;

const warmUpMinutes = 60;
const measuredMinutes = 60;

/** Plays the crawl of an organization, minute by minute, with the code that plans the real one. */
export function forecast(repositories: number, perHour: number): Forecast {
  const size = Math.min(repositories, limitPlayedSize(perHour));
  const { used, openMs, recentMs, quietMs } = playHour(size, perHour, 'polled');
  const { hintedMs } = playHour(size, perHour, 'hinted');
  // Where the budget is short, twice the repositories wait twice as long; nothing is open for longer than a run.
  const scaleAge = (ms: number): number => Math.ceil((ms * repositories) / size / minuteMs) * minuteMs;
  return {
    repositories,
    requestsPerHour: Math.floor(computeSustainedPerHour(perHour)),
    used: Math.round(used),
    openMs: Math.max(openMs, Math.min(scaleAge(openMs), runMinutes * minuteMs)),
    recentMs: scaleAge(recentMs),
    quietMs: scaleAge(quietMs),
    hintedMs: scaleAge(hintedMs),
  };
}

/** Repositories times minutes that are played in about a second; a dry run waits for it. */
const mostVisitsPlayed = 10_000_000;

/** The time to warm up grows with the repositories, so the work grows with their square. */
function limitPlayedSize(perHour: number): number {
  const minutesEach = (60 * warmUpSweeps.polled) / computeSustainedPerHour(perHour);
  const minutes = warmUpMinutes + measuredMinutes;
  return Math.floor((Math.sqrt(minutes ** 2 + 4 * minutesEach * mostVisitsPlayed) - minutes) / (2 * minutesEach));
}

/** Whether only visits find what goes on, or a webhook sends hints. */
type Way = 'polled' | 'hinted';

type Measured = Record<'used' | 'openMs' | 'recentMs' | 'quietMs' | 'hintedMs', number>;

function playHour(repositories: number, perHour: number, way: Way): Measured {
  const watched = createUsualWorkspace(repositories);
  const fixed = estimateFixedCost(repositories, perHour);
  const seen: Measured = { used: 0, openMs: 0, recentMs: 0, quietMs: 0, hintedMs: minuteMs };
  const untilWarm =
    warmUpMinutes + Math.ceil((repositories / computeSustainedPerHour(perHour)) * 60 * warmUpSweeps[way]);
  let saved: SavedRequests | undefined;
  for (let minute = 1; minute <= untilWarm + measuredMinutes; minute += 1) {
    const nowMs = startMs + minute * minuteMs;
    const { tokens } = refill(saved, perHour, nowMs);
    advanceWorkspace(watched, minute, nowMs, way);
    const hintedMs = findLongestHint(watched, nowMs);
    const spent = playTick(watched, nowMs, Math.min(tokens, fixed(minute)), { tokens, perHour });
    saved = { tokens: tokens - spent, atMs: nowMs };
    if (minute <= untilWarm) continue;
    seen.used += spent;
    seen.hintedMs = Math.max(seen.hintedMs, hintedMs);
    measureAges(watched, nowMs, seen);
  }
  return seen;
}

/** How long the oldest hint has waited for its visit; an event may come just after a tick. */
function findLongestHint(watched: readonly Simulated[], nowMs: number): number {
  let longest = 0;
  for (const { hintedMs } of watched)
    if (hintedMs !== undefined) longest = Math.max(longest, nowMs - hintedMs + minuteMs);
  return longest;
}

/** Until all first visits are over: a sweep gets about half of the requests. With hints there is no need to wait. */
const warmUpSweeps: Readonly<Record<Way, number>> = { polled: 3, hinted: 1 };

/** @returns the requests that it took. */
function playTick(
  watched: readonly Simulated[],
  nowMs: number,
  fixed: number,
  { tokens, perHour }: { readonly tokens: number; readonly perHour: number },
): number {
  const left = tokens - fixed;
  const ended = Math.min(left * shares.steps, Math.ceil(watched.length * share.open) / runMinutes);
  const visits = planVisits(watched, nowMs, { most: left - ended, spare: computeSpare(left - ended, perHour) });
  for (const repository of visits) {
    repository.visitedMs = nowMs;
    repository.hintedMs = undefined;
  }
  const spent = fixed + ended + visits.length;
  const open = visits.filter(({ open: { moving } }) => moving > 0).length;
  return spent + Math.min(open, computeSpare(tokens - spent, perHour));
}

/** Sizes that show where the budget begins to matter. */
export const usualSizes = [5, 50, 500, 5000] as const;

/** Far from 0, which means never. */
const startMs = 1_000_000 * minuteMs;

interface Simulated extends Watched {
  visitedMs: number;
  ranMs: number;
  hotUntilMs: number;
  hintedMs: number | undefined;
  open: { moving: number; held: number };
  /** When the open run was created; its repository cannot have been read late before. Epoch milliseconds. */
  openedMs: number;
}

function createUsualWorkspace(count: number): readonly Simulated[] {
  return Array.from({ length: count }, (_, index) => ({
    id: String(index).padStart(6, '0'),
    visitedMs: 0,
    // Spread over the last half year, as pushes are.
    ranMs: startMs - ((index * 7919) % 180) * dayMs,
    hotUntilMs: 0,
    hintedMs: undefined,
    open: { moving: 0, held: 0 },
    pipelines: 'some' as const,
    openedMs: 0,
  }));
}

/** The repositories at work take turns, so that none stays in the favour of the plan by chance. */
function advanceWorkspace(watched: readonly Simulated[], minute: number, nowMs: number, way: Way): void {
  const recent = Math.ceil(watched.length * share.recent);
  const open = Math.ceil(watched.length * share.open);
  const turn = Math.floor(minute / runMinutes) * open;
  for (const [index, repository] of watched.slice(0, recent).entries()) {
    const isOpen = (index + recent - (turn % recent)) % recent < open;
    const wasOpen = repository.open.moving > 0;
    if (isOpen && !wasOpen) {
      // The probe sees the push a minute before the pipeline is there.
      repository.hotUntilMs = nowMs + minuteMs;
      repository.openedMs = nowMs;
    }
    if (isOpen || wasOpen) repository.ranMs = nowMs;
    // Of several events since the last visit, the earliest is the one that waits.
    if (way === 'hinted' && isOpen !== wasOpen) repository.hintedMs ??= nowMs;
    repository.open = { moving: isOpen ? 1 : 0, held: 0 };
  }
}

function estimateFixedCost(repositories: number, perHour: number): (minute: number) => number {
  const pages = Math.ceil(repositories / repositoriesPerPage);
  const parts = [
    { requests: pages, everyMs: computeDiscoveryInterval(repositories, perHour) },
    { requests: 1, everyMs: computeRunnersInterval(1, perHour) },
    ...(isProbeWorthwhile(repositories, perHour) ? [{ requests: 1, everyMs: computeProbeInterval(perHour) }] : []),
  ];
  return (minute) =>
    parts
      .filter(({ everyMs }) => (minute * minuteMs) % (Math.ceil(everyMs / minuteMs) * minuteMs) === 0)
      .reduce((sum, { requests }) => sum + requests, 0);
}

function measureAges(watched: readonly Simulated[], nowMs: number, seen: Measured): void {
  for (const { open, openedMs, ranMs, visitedMs } of watched) {
    // A visit in this tick is as fresh as the tick; the next one comes at the earliest a minute later.
    const ageMs = nowMs - visitedMs + minuteMs;
    seen.quietMs = Math.max(seen.quietMs, ageMs);
    if (nowMs - ranMs < 60 * minuteMs) seen.recentMs = Math.max(seen.recentMs, ageMs);
    if (open.moving > 0) seen.openMs = Math.max(seen.openMs, Math.min(ageMs, nowMs - openedMs + minuteMs));
  }
}
