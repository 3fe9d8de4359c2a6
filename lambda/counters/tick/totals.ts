/** The running totals of a source during one tick, and what the tick added to them. */
import type { Folding } from '../../model/limits/cap.ts';
import {
  type Exemplar,
  findBucket,
  type Labels,
  type MetricDefinition,
  type MetricFamily,
} from '../../model/metric.ts';
import { mapFamily, type Increase } from './map-families.ts';
import type { CountingSettings } from '../settings.ts';
import { dropUntouched } from './drop-untouched.ts';
import { isOfType, createSeriesFinder } from './find-series.ts';
import type { Series, MetricTotals, State } from '../state/state.ts';

/** The running totals of a state during one tick, and what the tick added to them. */
export interface TickTotals {
  readonly count: (metric: MetricDefinition<'counter'>, labels: Labels, increase: number) => void;
  readonly observe: (
    metric: MetricDefinition<'distribution'>,
    labels: Labels,
    seen: { readonly value: number; readonly exemplar?: Exemplar | undefined },
  ) => void;
  /** The run that was created last wins; of its attempts, the one that ended last. */
  readonly mark: (metric: MetricDefinition<'gauge'>, labels: Labels, value: number, times: RunTimes) => void;
  readonly declare: (metric: MetricDefinition<'counter' | 'distribution'>, labels: Labels) => void;
  /** Ends the marks with these labels: what they are about is gone, or has another name. */
  readonly endMarks: (of: Labels) => void;
  /** Drops what has been dead for weeks, by the time that is proven. */
  readonly close: (nowMs: number) => void;
  /** Totals of all known metrics, with the increases of this tick. */
  readonly families: () => readonly MetricFamily[];
  /** What had to be folded in this tick, by metric. */
  readonly folded: () => readonly Folding[];
}

/** Of a run, by the vendor's clock. Epoch milliseconds. */
export interface RunTimes {
  readonly finishedMs: number;
  readonly createdMs?: number | undefined;
}

export interface TotalsOptions {
  readonly tickMs: number;
  readonly settings: CountingSettings;
  /** What the source may emit; more becomes known when it is used. */
  readonly metrics: readonly MetricDefinition[];
}

export function openTotals(state: State, { tickMs, settings, metrics }: TotalsOptions): TickTotals {
  const finder = createSeriesFinder(state, tickMs, settings);
  const increases = new Map<Series, Increase>();
  // What may be emitted is published whether or not this tick touches it.
  for (const metric of metrics) if (state.totals.has(metric.name)) finder.findMetric(metric);

  return {
    count: (metric, labels, increase) => {
      const series = finder.findSeries(metric, labels);
      if (series === undefined) return;
      series.numbers = [(series.numbers[0] ?? 0) + increase];
      ensureIncrease(increases, series).increase += increase;
    },
    observe: (metric, labels, { value, exemplar }) => {
      const series = finder.findSeries(metric, labels);
      if (series === undefined) return;
      const bucket = findBucket(value, finder.findMetric(metric).bounds);
      const sumAt = series.numbers.length - 1;
      series.numbers[bucket] = (series.numbers[bucket] ?? 0) + 1;
      series.numbers[sumAt] = (series.numbers[sumAt] ?? 0) + value;
      const added = ensureIncrease(increases, series);
      added.observations.push(value);
      if (exemplar !== undefined) added.exemplars.set(bucket, exemplar);
    },
    mark: (metric, labels, value, times) => {
      const series = finder.findSeries(metric, labels);
      if (series === undefined || isOlder(times, series)) return;
      const { createdMs, finishedMs } = times;
      series.numbers = createdMs === undefined ? [value, finishedMs] : [value, finishedMs, createdMs];
    },
    declare: (metric, labels) => {
      finder.findSeries(metric, labels);
    },
    endMarks: (of) => {
      for (const { definition, totals } of finder.knownMetrics())
        if (isOfType(definition, 'gauge')) endSeries(totals, of);
    },
    close: (nowMs) => {
      const definitions = finder.knownMetrics().map(({ definition }) => definition);
      dropUntouched(state, definitions, nowMs);
    },
    families: () => finder.knownMetrics().flatMap((metric) => mapFamily(metric, increases)),
    folded: finder.folded,
  };
}

/** Whether the run that set a mark is newer than this one; by their ends where one of them does not tell its creation. */
function isOlder(
  { createdMs, finishedMs }: RunTimes,
  { numbers: [, setAtMs = -Infinity, byRunOfMs] }: Series,
): boolean {
  if (createdMs === undefined || byRunOfMs === undefined || createdMs === byRunOfMs) return finishedMs < setAtMs;
  return createdMs < byRunOfMs;
}

function ensureIncrease(increases: Map<Series, Increase>, series: Series): Increase {
  const found = increases.get(series);
  if (found !== undefined) return found;
  const made: Increase = { increase: 0, observations: [], exemplars: new Map() };
  increases.set(series, made);
  return made;
}

/** All series that have these labels, whatever others they have. */
function endSeries({ labels, series }: MetricTotals, of: Labels): void {
  const wanted = Object.entries(of).map(([label, value]) => [labels.indexOf(label), value] as const);
  for (const [key, { values }] of series)
    if (wanted.every(([index, value]) => values[index] === value)) series.delete(key);
}
