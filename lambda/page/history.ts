/** Keeps what the last runs found, within a bound that does not grow with the time or the fleet. */
import {
  type Figure,
  type FleetFigure,
  fleetFigures,
  type Followed,
  type History,
  pipelineFigures,
  queueFigures,
  type Run,
} from './messages.ts';

/** Runs of the whole fleet: four hours at one each 30 seconds, and more points than a chart has pixels to show. */
const fleetRuns = 480;

/** Runs of one queue or pipeline: as many points as its line in a row can show. */
const mostRuns = 240;

/** A line of fewer points says nothing. */
const fewestRuns = 20;

/** Figures of queues and pipelines in all: some 4 MB in the collector, and 2 MB on their way to a browser. */
const maxFigures = 400_000;

/** For how many runs figures of so many queues and pipelines are kept. */
export function chooseLimit(queues: number, pipelines: number): number {
  const eachRun = queues * queueFigures.length + pipelines * pipelineFigures.length;
  const fitting = eachRun === 0 ? mostRuns : Math.floor(maxFigures / eachRun);
  return Math.min(mostRuns, Math.max(fewestRuns, fitting));
}

export function createHistory(): History {
  return { times: [], fleet: createPast(fleetFigures), queues: [], pipelines: [], health: null };
}

/** Adds a run, and forgets what is beyond the bounds. The collector and the browser both do it, with the same runs. */
export function addRun(history: History, run: Run): void {
  addBounded(history.times, run.atMs, fleetRuns);
  for (const name of fleetFigures) addBounded(history.fleet[name], run.fleet[name], fleetRuns);
  history.queues = follow(history.queues, run.queues, queueFigures, run.limit);
  history.pipelines = follow(history.pipelines, run.pipelines, pipelineFigures, run.limit);
  history.health = run.health;
}

type Named<Name extends string> = Readonly<Record<Name, Figure>> & { readonly key: string };

function follow<Name extends string, Now extends Named<Name>>(
  before: readonly Followed<Now, Name>[],
  found: readonly Now[],
  names: readonly Name[],
  limit: number,
): Followed<Now, Name>[] {
  const known = new Map(before.map((followed) => [followed.now.key, followed]));
  return found.map((now) => {
    const followed = known.get(now.key) ?? { now, past: createPast(names) };
    followed.now = now;
    for (const name of names) addBounded<Figure>(followed.past[name], now[name], limit);
    return followed;
  });
}

function createPast<Name extends string>(names: readonly Name[]): Record<Name, Figure[]> {
  const past: Partial<Record<Name, Figure[]>> = {};
  for (const name of names) past[name] = [];
  if (!hasAll(past, names)) throw new TypeError('a figure has no list');
  return past;
}

function hasAll<Name extends string>(
  past: Partial<Record<Name, Figure[]>>,
  names: readonly Name[],
): past is Record<Name, Figure[]> {
  return names.every((name) => past[name] !== undefined);
}

function addBounded<Value>(list: Value[], value: Value, limit: number): void {
  list.push(value);
  if (list.length > limit) list.splice(0, list.length - limit);
}

/** The newest figure; null where there is none. */
export function findNewest(history: History, name: FleetFigure): Figure {
  return history.fleet[name].at(-1) ?? null;
}
