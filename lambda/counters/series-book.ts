import { overflowValue } from '../model/labels.ts';
import type {
  CounterSample,
  DistributionSample,
  Exemplar,
  Labels,
  MetricDefinition,
  MetricFamily,
} from '../model/metric.ts';
import { seriesKeyOf } from './document.ts';
import { shortHash } from './hash.ts';
import { boundsOf, type CountingSettings } from './settings.ts';
import { dayOf, type Series, type Shelf, type State } from './state.ts';

/**
 * A series that nobody touched for so long is dropped, and starts anew when it comes back: longer than a month, so that
 * a monthly pipeline keeps its own.
 */
const untouchedDays = 35;

/** Labels that say which connection a series belongs to; they are never folded. */
const identity: ReadonlySet<string> = new Set(['system', 'source', 'sink']);

/** What this tick added to one series. */
interface Increase {
  increase: number;
  readonly observations: number[];
  /** The latest of each bucket: a histogram has room for no more. */
  readonly exemplars: Map<number, Exemplar>;
}

interface Known {
  readonly definition: MetricDefinition;
  readonly shelf: Shelf;
  readonly bounds: readonly number[];
  /** Label sets without enumerated labels; made when a series has to be added. */
  objects: Set<string> | undefined;
}

/** The running totals of a state during one tick, and what the tick added to them. */
export interface SeriesBook {
  count(metric: MetricDefinition<'counter'>, labels: Labels, increase: number): void;
  observe(metric: MetricDefinition<'distribution'>, labels: Labels, value: number, exemplar?: Exemplar): void;
  mark(metric: MetricDefinition<'gauge'>, labels: Labels, value: number, finishedMs: number): void;
  declare(metric: MetricDefinition<'counter' | 'distribution'>, labels: Labels): void;
  /** Drops what has been dead for weeks. */
  close(): void;
  /** Totals of all known metrics, with the increases of this tick. */
  families(): readonly MetricFamily[];
  /** Label sets that had to be folded in this tick. */
  overflow(): number;
}

export interface SeriesBookInput {
  readonly tickMs: number;
  readonly settings: CountingSettings;
  /** What the source may emit; more becomes known when it is used. */
  readonly metrics: readonly MetricDefinition[];
}

export function seriesBook(state: State, { tickMs, settings, metrics }: SeriesBookInput): SeriesBook {
  const known = new Map<string, Known>();
  const increases = new Map<Series, Increase>();
  const folded = new Set<string>();
  const today = dayOf(tickMs);

  function knownOf(definition: MetricDefinition): Known {
    const found = known.get(definition.name);
    if (found !== undefined) return found;
    const bounds = isDistribution(definition) ? boundsOf(definition, settings) : [];
    const made: Known = { definition, bounds, shelf: shelfFor(state, definition, bounds, tickMs), objects: undefined };
    known.set(definition.name, made);
    return made;
  }

  /** Undefined beyond the cap for what cannot be folded. */
  function seriesOf(definition: MetricDefinition, labels: Labels): Series | undefined {
    const metric = knownOf(definition);
    const values = metric.shelf.labels.map((label) => labels[label] ?? '');
    const found = metric.shelf.series.get(seriesKeyOf(values)) ?? addSeries(metric, values);
    if (found !== undefined) found.touchedDay = today;
    return found;
  }

  function addSeries(metric: Known, values: readonly string[]): Series | undefined {
    const { definition, shelf } = metric;
    metric.objects ??= new Set([...shelf.series.values()].map((series) => objectOf(definition, shelf, series.values)));
    const object = objectOf(definition, shelf, values);
    // One place is kept for #other#.
    if (metric.objects.has(object) || metric.objects.size < settings.maxSeriesPerMetric - 1) {
      metric.objects.add(object);
      return newSeries(metric, values);
    }
    folded.add(`${definition.name} ${object}`);
    // The latest value of many pipelines is a value of none.
    if (definition.type === 'gauge') return undefined;
    const other = shelf.labels.map((label, index) =>
      isKept(definition, label) ? (values[index] ?? '') : overflowValue,
    );
    return shelf.series.get(seriesKeyOf(other)) ?? newSeries(metric, other);
  }

  function newSeries({ definition, shelf, bounds }: Known, values: readonly string[]): Series {
    // It was 0 in the tick before: that is when it began to count.
    const series: Series = { values, startMs: state.tickMs, touchedDay: today, numbers: zeros(definition, bounds) };
    shelf.series.set(seriesKeyOf(values), series);
    return series;
  }

  function increaseOf(series: Series): Increase {
    const found = increases.get(series);
    if (found !== undefined) return found;
    const made: Increase = { increase: 0, observations: [], exemplars: new Map() };
    increases.set(series, made);
    return made;
  }

  // What is declared in the configuration is published whether or not this tick touches it.
  for (const metric of metrics) if (state.shelves.has(metric.name)) knownOf(metric);

  return {
    count: (metric, labels, increase) => {
      const series = seriesOf(metric, labels);
      if (series === undefined) return;
      series.numbers = [(series.numbers[0] ?? 0) + increase];
      increaseOf(series).increase += increase;
    },
    observe: (metric, labels, value, exemplar) => {
      const series = seriesOf(metric, labels);
      if (series === undefined) return;
      const bucket = bucketOf(value, knownOf(metric).bounds);
      const sumAt = series.numbers.length - 1;
      series.numbers[bucket] = (series.numbers[bucket] ?? 0) + 1;
      series.numbers[sumAt] = (series.numbers[sumAt] ?? 0) + value;
      const added = increaseOf(series);
      added.observations.push(value);
      if (exemplar !== undefined) added.exemplars.set(bucket, exemplar);
    },
    mark: (metric, labels, value, finishedMs) => {
      const series = seriesOf(metric, labels);
      if (series === undefined || finishedMs < (series.numbers[1] ?? -Infinity)) return;
      series.numbers = [value, finishedMs];
    },
    declare: (metric, labels) => {
      seriesOf(metric, labels);
    },
    close: () => {
      for (const [name, { series }] of state.shelves) {
        for (const [key, { touchedDay }] of series) if (touchedDay < today - untouchedDays) series.delete(key);
        if (series.size === 0) state.shelves.delete(name);
      }
    },
    families: () => [...known.values()].flatMap((metric) => familyOf(metric, increases)),
    overflow: () => folded.size,
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

function isDistribution(definition: MetricDefinition): definition is MetricDefinition<'distribution'> {
  return definition.type === 'distribution';
}

/** Index of the first bound that is not below the value; one more than the last for what is above all. */
export function bucketOf(value: number, bounds: readonly number[]): number {
  const index = bounds.findIndex((bound) => value <= bound);
  return index === -1 ? bounds.length : index;
}

function isEnumerated({ enumerated = {} }: MetricDefinition, label: string): boolean {
  return Object.hasOwn(enumerated, label);
}

function isKept(definition: MetricDefinition, label: string): boolean {
  return identity.has(label) || isEnumerated(definition, label);
}

function objectOf(definition: MetricDefinition, { labels }: Shelf, values: readonly string[]): string {
  return seriesKeyOf(values.filter((_, index) => !isEnumerated(definition, labels[index] ?? '')));
}

function familyOf(
  { definition, shelf, bounds }: Known,
  increases: ReadonlyMap<Series, Increase>,
): readonly MetricFamily[] {
  const all = [...shelf.series.values()];
  const labelsOf = ({ values }: Series): Labels =>
    Object.fromEntries(shelf.labels.map((label, index) => [label, values[index] ?? '']));
  if (isOf(definition, 'gauge')) {
    const samples = all
      .filter(({ numbers }) => (numbers[1] ?? -1) >= 0)
      .map((series) => ({ labels: labelsOf(series), value: series.numbers[0] ?? 0 }));
    return samples.length === 0 ? [] : [{ type: 'gauge', definition, samples }];
  }
  if (all.length === 0) return [];
  if (isOf(definition, 'counter')) {
    const samples = all.map((series) => counterSample(labelsOf(series), series, increases.get(series)));
    return [{ type: 'counter', definition, samples }];
  }
  if (!isOf(definition, 'distribution')) return [];
  const samples = all.map((series) => distributionSample(labelsOf(series), series, bounds, increases.get(series)));
  return [{ type: 'distribution', definition, samples }];
}

function isOf<Type extends MetricDefinition['type']>(
  definition: MetricDefinition,
  type: Type,
): definition is MetricDefinition<Type> {
  return definition.type === type;
}

function counterSample(labels: Labels, { numbers, startMs }: Series, added: Increase | undefined): CounterSample {
  return { labels, increase: added?.increase ?? 0, total: { value: numbers[0] ?? 0, startMs } };
}

function distributionSample(
  labels: Labels,
  { numbers, startMs }: Series,
  bounds: readonly number[],
  added: Increase | undefined,
): DistributionSample {
  const total = { bounds, counts: numbers.slice(0, -1), sum: numbers.at(-1) ?? 0, startMs };
  const exemplars = [...(added?.exemplars.values() ?? [])];
  return {
    labels,
    observations: added?.observations ?? [],
    total,
    ...(exemplars.length === 0 ? {} : { exemplars }),
  };
}
