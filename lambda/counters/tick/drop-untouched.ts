import { type MetricDefinition } from '../../model/metric.ts';
import { dayOf, type Series, type Shelf, type State } from '../state/state.ts';

/**
 * What has done nothing for so long is dropped with all its series, and starts anew when it comes back: longer than a
 * month, so that a monthly pipeline keeps its own. Days.
 */
export const untouchedDays = 35;

/** Classes of branches, of which there is one each; every other value of `branch` is a name, and named branches are deleted. */
const branchClasses: ReadonlySet<string> = new Set(['main', 'other', 'none']);

/**
 * Drops the series of pipelines and queues that no longer do anything. A result that no longer comes is not one of them:
 * while a pipeline runs, its last success and its failures stay as true as they were.
 */
export function dropDead(state: State, definitions: readonly MetricDefinition[], nowMs: number): void {
  const beforeDay = dayOf(nowMs) - untouchedDays;
  const old = untouchedIn(state, beforeDay);
  if (old.length === 0) return;
  const ownersOf = ownerFinder(definitions);
  const lastDays = lastDaysOf(state, ownersOf);
  for (const { name, shelf, key, series } of old) {
    const lastDay = lastDays.get(ownersOf(name, shelf, series).own) ?? series.touchedDay;
    if (lastDay < beforeDay) shelf.series.delete(key);
    // Touched by its owner, so that all of this is looked at again in weeks and not in the next tick.
    else series.touchedDay = lastDay;
    if (shelf.series.size === 0) state.shelves.delete(name);
  }
}

interface Old {
  readonly name: string;
  readonly shelf: Shelf;
  readonly key: string;
  readonly series: Series;
}

function untouchedIn({ shelves }: State, beforeDay: number): readonly Old[] {
  return [...shelves].flatMap(([name, shelf]) =>
    [...shelf.series].flatMap(([key, series]) => (series.touchedDay < beforeDay ? [{ name, shelf, key, series }] : [])),
  );
}

/** Whose series it is, and whose life it shows: a run on a named branch is one of its pipeline, too. */
interface Owners {
  readonly own: string;
  readonly pipeline: string;
}

type FindOwners = (name: string, shelf: Shelf, series: Series) => Owners;

/** The labels that say what a series is about, without those that say how it went. */
function ownerFinder(definitions: readonly MetricDefinition[]): FindOwners {
  const enumerated = new Map(definitions.map((metric) => [metric.name, new Set(Object.keys(metric.enumerated ?? {}))]));
  return (name, { labels }, { values }) => {
    const pairs = labels.map((label, index) => [label, values[index] ?? ''] as const);
    const about = pairs.filter(([label]) => label !== 'branch' && enumerated.get(name)?.has(label) !== true);
    const [, branch = 'none'] = pairs.find(([label]) => label === 'branch') ?? [];
    const pipeline = JSON.stringify(about.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    return { pipeline, own: branchClasses.has(branch) ? pipeline : `${pipeline} ${branch}` };
  };
}

function lastDaysOf({ shelves }: State, ownersOf: FindOwners): ReadonlyMap<string, number> {
  const days = new Map<string, number>();
  for (const [name, shelf] of shelves) {
    for (const series of shelf.series.values()) {
      const { own, pipeline } = ownersOf(name, shelf, series);
      for (const owner of [own, pipeline]) days.set(owner, Math.max(days.get(owner) ?? 0, series.touchedDay));
    }
  }
  return days;
}
