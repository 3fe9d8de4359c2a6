/** Finds the series of a metric in the state, and adds a new one where the series limit allows it. */
import { chooseCap, type Folding } from '../../model/limits/cap.ts';
import { connectionLabels } from '../../model/catalogue/identity-labels.ts';
import { overflowValue } from '../../model/text/labels.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import { joinLabelValues } from '../state/document.ts';
import { hashKey } from './hash.ts';
import { chooseBounds, type CountingSettings } from '../settings.ts';
import { computeDay, type Series, type MetricTotals, type State } from '../state/state.ts';

/** A metric that is in use in this tick, with its series. */
export interface KnownMetric {
  readonly definition: MetricDefinition;
  readonly totals: MetricTotals;
  /** Empty for what is no histogram. */
  readonly bounds: readonly number[];
  /** Label sets without enumerated labels; made when a series has to be added. */
  objects: Set<string> | undefined;
}

/** Finds series, and makes them where there is room. */
export interface SeriesFinder {
  readonly findMetric: (definition: MetricDefinition) => KnownMetric;
  readonly knownMetrics: () => readonly KnownMetric[];
  /** Undefined beyond the cap for what cannot be folded into `#other#`. */
  readonly findSeries: (definition: MetricDefinition, labels: Readonly<Record<string, string>>) => Series | undefined;
  /** What had to be folded, by metric. */
  readonly folded: () => readonly Folding[];
}

export function createSeriesFinder(state: State, tickMs: number, settings: CountingSettings): SeriesFinder {
  const known = new Map<string, KnownMetric>();
  const folded = new Map<KnownMetric, Set<string>>();
  const today = computeDay(tickMs);

  function ensureMetric(definition: MetricDefinition): KnownMetric {
    const found = known.get(definition.name);
    if (found !== undefined) return found;
    const bounds = isOfType(definition, 'distribution') ? chooseBounds(definition, settings) : [];
    const totals = ensureTotals(state, definition, bounds, tickMs);
    const made: KnownMetric = { definition, bounds, totals, objects: undefined };
    known.set(definition.name, made);
    return made;
  }

  /** A series that is below the limit once keeps its place, so that no total ever moves from one series to another. */
  function addSeries(metric: KnownMetric, values: readonly string[]): Series | undefined {
    const { definition, totals } = metric;
    metric.objects ??= new Set([...totals.series.values()].map((series) => joinObjectValues(metric, series.values)));
    const object = joinObjectValues(metric, values);
    // One series is kept free for #other#.
    if (metric.objects.has(object) || metric.objects.size < chooseCap(definition, settings).most - 1) {
      metric.objects.add(object);
      return beginSeries(metric, values);
    }
    folded.set(metric, (folded.get(metric) ?? new Set()).add(object));
    // Marks of several pipelines cannot be combined, so those beyond the limit are left out.
    if (definition.type === 'gauge') return undefined;
    const other = foldValues(metric, values);
    return totals.series.get(joinLabelValues(other)) ?? beginSeries(metric, other);
  }

  function beginSeries({ definition, totals, bounds }: KnownMetric, values: readonly string[]): Series {
    // It was 0 in the tick before: that is when it began to count, as far as the clock of that one was right.
    const startMs = Math.min(state.tickMs, state.provenMs);
    const series: Series = { values, startMs, touchedDay: today, numbers: makeZeros(definition, bounds) };
    totals.series.set(joinLabelValues(values), series);
    return series;
  }

  return {
    findMetric: ensureMetric,
    knownMetrics: () => [...known.values()],
    findSeries: (definition, labels) => {
      const metric = ensureMetric(definition);
      const values = metric.totals.labels.map((label) => labels[label] ?? '');
      const found = metric.totals.series.get(joinLabelValues(values)) ?? addSeries(metric, values);
      if (found !== undefined) found.touchedDay = today;
      return found;
    },
    folded: () =>
      [...folded].map(([{ definition }, objects]) => ({
        metric: definition.name,
        labelSets: objects.size,
        ...chooseCap(definition, settings),
      })),
  };
}

/** The totals of a metric, begun anew when its labels or bounds are no longer those of the definition. */
function ensureTotals(
  state: State,
  definition: MetricDefinition,
  bounds: readonly number[],
  tickMs: number,
): MetricTotals {
  const found = state.totals.get(definition.name);
  const hash = bounds.length === 0 ? '' : hashKey(bounds.join());
  const hasLabels = found?.labels.join() === definition.labels.join();
  if (found !== undefined && hasLabels && found.bounds === hash) return found;
  const series =
    found !== undefined && hasLabels ? restartSeries(found, definition, bounds, tickMs) : new Map<string, Series>();
  const made: MetricTotals = { labels: definition.labels, bounds: hash, series };
  state.totals.set(definition.name, made);
  return made;
}

function restartSeries(
  { series }: MetricTotals,
  definition: MetricDefinition,
  bounds: readonly number[],
  startMs: number,
): Map<string, Series> {
  const restartOne = (old: Series): Series => ({ ...old, startMs, numbers: makeZeros(definition, bounds) });
  return new Map([...series].map(([key, old]) => [key, restartOne(old)]));
}

function makeZeros({ type }: MetricDefinition, bounds: readonly number[]): number[] {
  if (type === 'counter') return [0];
  // A mark that was set at no time yet.
  if (type === 'gauge') return [0, -1];
  // A count for each bound, one above them all, and the sum.
  return new Array<number>(bounds.length + 2).fill(0);
}

function foldValues({ definition, totals }: KnownMetric, values: readonly string[]): readonly string[] {
  const isKept = (label: string): boolean => connectionLabels.has(label) || isEnumerated(definition, label);
  return totals.labels.map((label, index) => (isKept(label) ? (values[index] ?? '') : overflowValue));
}

function joinObjectValues({ definition, totals }: KnownMetric, values: readonly string[]): string {
  return joinLabelValues(values.filter((_, index) => !isEnumerated(definition, totals.labels[index] ?? '')));
}

function isEnumerated({ enumerated = {} }: MetricDefinition, label: string): boolean {
  return Object.hasOwn(enumerated, label);
}

export function isOfType<Type extends MetricDefinition['type']>(
  definition: MetricDefinition,
  type: Type,
): definition is MetricDefinition<Type> {
  return definition.type === type;
}
