/** Drops the totals of pipelines and queues that have done nothing for weeks. */
import { type MetricDefinition } from '../../model/metric.ts';
import { computeDay, type Series, type MetricTotals, type State } from '../state/state.ts';

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
export function dropUntouched(state: State, definitions: readonly MetricDefinition[], nowMs: number): void {
  const beforeDay = computeDay(nowMs) - untouchedDays;
  const old = findUntouched(state, beforeDay);
  if (old.length === 0) return;
  const ownersOf = createOwnerFinder(definitions);
  const lastDays = findLastDays(state, ownersOf);
  for (const { name, totals, key, series } of old) {
    const lastDay = lastDays.get(ownersOf(name, totals, series).own) ?? series.touchedDay;
    if (lastDay < beforeDay) totals.series.delete(key);
    // Touched by its owner, so that all of this is looked at again in weeks and not in the next tick.
    else series.touchedDay = lastDay;
    if (totals.series.size === 0) state.totals.delete(name);
  }
}

interface UntouchedSeries {
  readonly name: string;
  readonly totals: MetricTotals;
  readonly key: string;
  readonly series: Series;
}

function findUntouched({ totals: allTotals }: State, beforeDay: number): readonly UntouchedSeries[] {
  return [...allTotals].flatMap(([name, totals]) =>
    [...totals.series].flatMap(([key, series]) =>
      series.touchedDay < beforeDay ? [{ name, totals, key, series }] : [],
    ),
  );
}

/** The object that a series belongs to (`own`), and its pipeline, which is alive as well while the object is. */
interface Owners {
  readonly own: string;
  readonly pipeline: string;
}

type FindOwners = (name: string, totals: MetricTotals, series: Series) => Owners;

/** The labels that say what a series is about, without those that say how it went. */
function createOwnerFinder(definitions: readonly MetricDefinition[]): FindOwners {
  const enumerated = new Map(definitions.map((metric) => [metric.name, new Set(Object.keys(metric.enumerated ?? {}))]));
  return (name, { labels }, { values }) => {
    const pairs = labels.map((label, index) => [label, values[index] ?? ''] as const);
    const about = pairs.filter(([label]) => label !== 'branch' && enumerated.get(name)?.has(label) !== true);
    const [, branch = 'none'] = pairs.find(([label]) => label === 'branch') ?? [];
    const pipeline = JSON.stringify(about.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    return { pipeline, own: branchClasses.has(branch) ? pipeline : `${pipeline} ${branch}` };
  };
}

function findLastDays({ totals: allTotals }: State, ownersOf: FindOwners): ReadonlyMap<string, number> {
  const days = new Map<string, number>();
  for (const [name, totals] of allTotals) {
    for (const series of totals.series.values()) {
      const { own, pipeline } = ownersOf(name, totals, series);
      for (const owner of [own, pipeline]) days.set(owner, Math.max(days.get(owner) ?? 0, series.touchedDay));
    }
  }
  return days;
}
