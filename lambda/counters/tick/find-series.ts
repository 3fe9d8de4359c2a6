import { capOf, type Folding } from '../../model/limits/cap.ts';
import { overflowValue } from '../../model/text/labels.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import { seriesKeyOf } from '../state/document.ts';
import { shortHash } from './hash.ts';
import { boundsOf, type CountingSettings } from '../settings.ts';
import { dayOf, type Series, type Shelf, type State } from '../state/state.ts';

/** A metric that is in use in this tick, with its series. */
export interface KnownMetric {
  readonly definition: MetricDefinition;
  readonly shelf: Shelf;
  /** Empty for what is no histogram. */
  readonly bounds: readonly number[];
  /** Label sets without enumerated labels; made when a series has to be added. */
  objects: Set<string> | undefined;
}

/** Finds series, and makes them where there is room. */
export interface Shelves {
  readonly metric: (definition: MetricDefinition) => KnownMetric;
  readonly metrics: () => readonly KnownMetric[];
  /** Undefined beyond the cap for what cannot be folded into `#other#`. */
  readonly series: (definition: MetricDefinition, labels: Readonly<Record<string, string>>) => Series | undefined;
  /** What had to be folded, by metric. */
  readonly folded: () => readonly Folding[];
}

/** Labels that say which connection a series belongs to; they are never folded. */
const identity: ReadonlySet<string> = new Set(['system', 'source', 'sink']);

export function shelvesOf(state: State, tickMs: number, settings: CountingSettings): Shelves {
  const known = new Map<string, KnownMetric>();
  const folded = new Map<KnownMetric, Set<string>>();
  const today = dayOf(tickMs);

  function metricOf(definition: MetricDefinition): KnownMetric {
    const found = known.get(definition.name);
    if (found !== undefined) return found;
    const bounds = isOf(definition, 'distribution') ? boundsOf(definition, settings) : [];
    const shelf = shelfFor(state, definition, bounds, tickMs);
    const made: KnownMetric = { definition, bounds, shelf, objects: undefined };
    known.set(definition.name, made);
    return made;
  }

  /** Who is inside stays inside, so that no total ever moves from one series to another. */
  function added(metric: KnownMetric, values: readonly string[]): Series | undefined {
    const { definition, shelf } = metric;
    metric.objects ??= new Set([...shelf.series.values()].map((series) => objectOf(metric, series.values)));
    const object = objectOf(metric, values);
    // One place is kept for #other#.
    if (metric.objects.has(object) || metric.objects.size < capOf(definition, settings).most - 1) {
      metric.objects.add(object);
      return begun(metric, values);
    }
    folded.set(metric, (folded.get(metric) ?? new Set()).add(object));
    // The latest value of many pipelines is the value of none.
    if (definition.type === 'gauge') return undefined;
    const other = otherOf(metric, values);
    return shelf.series.get(seriesKeyOf(other)) ?? begun(metric, other);
  }

  function begun({ definition, shelf, bounds }: KnownMetric, values: readonly string[]): Series {
    // It was 0 in the tick before: that is when it began to count, as far as the clock of that one was right.
    const startMs = Math.min(state.tickMs, state.provenMs);
    const series: Series = { values, startMs, touchedDay: today, numbers: zeros(definition, bounds) };
    shelf.series.set(seriesKeyOf(values), series);
    return series;
  }

  return {
    metric: metricOf,
    metrics: () => [...known.values()],
    series: (definition, labels) => {
      const metric = metricOf(definition);
      const values = metric.shelf.labels.map((label) => labels[label] ?? '');
      const found = metric.shelf.series.get(seriesKeyOf(values)) ?? added(metric, values);
      if (found !== undefined) found.touchedDay = today;
      return found;
    },
    folded: () =>
      [...folded].map(([{ definition }, objects]) => ({
        metric: definition.name,
        labelSets: objects.size,
        ...capOf(definition, settings),
      })),
  };
}

/** The shelf of a metric, begun anew when its labels or bounds are no longer those of the definition. */
function shelfFor(state: State, definition: MetricDefinition, bounds: readonly number[], tickMs: number): Shelf {
  const found = state.shelves.get(definition.name);
  const hash = bounds.length === 0 ? '' : shortHash(bounds.join());
  const hasLabels = found?.labels.join() === definition.labels.join();
  if (found !== undefined && hasLabels && found.bounds === hash) return found;
  const series =
    found !== undefined && hasLabels ? restarted(found, definition, bounds, tickMs) : new Map<string, Series>();
  const made: Shelf = { labels: definition.labels, bounds: hash, series };
  state.shelves.set(definition.name, made);
  return made;
}

function restarted(
  { series }: Shelf,
  definition: MetricDefinition,
  bounds: readonly number[],
  startMs: number,
): Map<string, Series> {
  const again = (old: Series): Series => ({ ...old, startMs, numbers: zeros(definition, bounds) });
  return new Map([...series].map(([key, old]) => [key, again(old)]));
}

function zeros({ type }: MetricDefinition, bounds: readonly number[]): number[] {
  if (type === 'counter') return [0];
  // A mark that was set at no time yet.
  if (type === 'gauge') return [0, -1];
  // A count for each bound, one above them all, and the sum.
  return new Array<number>(bounds.length + 2).fill(0);
}

function otherOf({ definition, shelf }: KnownMetric, values: readonly string[]): readonly string[] {
  const isKept = (label: string): boolean => identity.has(label) || isEnumerated(definition, label);
  return shelf.labels.map((label, index) => (isKept(label) ? (values[index] ?? '') : overflowValue));
}

function objectOf({ definition, shelf }: KnownMetric, values: readonly string[]): string {
  return seriesKeyOf(values.filter((_, index) => !isEnumerated(definition, shelf.labels[index] ?? '')));
}

function isEnumerated({ enumerated = {} }: MetricDefinition, label: string): boolean {
  return Object.hasOwn(enumerated, label);
}

export function isOf<Type extends MetricDefinition['type']>(
  definition: MetricDefinition,
  type: Type,
): definition is MetricDefinition<Type> {
  return definition.type === type;
}
