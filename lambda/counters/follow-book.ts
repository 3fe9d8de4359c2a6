import type { CounterSample, DistributionSample, Labels, MetricDefinition, MetricFamily } from '../model/metric.ts';
import { seriesKey } from '../model/order.ts';
import { shortHash } from './hash.ts';
import type { FollowedCounter, FollowedHistogram } from './ledger.ts';
import { untouchedDays } from './series-book.ts';
import { dayOf, type Followed, type State } from './state.ts';

/** Observations that are written out for one histogram in one tick; of more, each bucket keeps its share. */
const maxObservations = 10_000;

/** Prometheus, OpenTelemetry and remote write 2.0 all take 0 for a start that nobody knows. */
const unknownStart = 0;

/** Counters that other systems keep, during one tick. */
export interface FollowBook {
  readonly follow: (metric: MetricDefinition<'counter'>, labels: Labels, seen: FollowedCounter) => void;
  readonly followHistogram: (metric: MetricDefinition<'distribution'>, labels: Labels, seen: FollowedHistogram) => void;
  readonly close: () => void;
  /** Only what was seen in this tick: a counter that its system does not show is not known. */
  readonly families: () => readonly MetricFamily[];
  readonly overflow: () => number;
  readonly hasFollowed: () => boolean;
}

interface Step {
  /** What was added since the last tick; all zeros for the first value. */
  readonly added: readonly number[];
  readonly startMs: number;
}

export function followBook(state: State, tickMs: number, maxSeriesPerMetric: number): FollowBook {
  const counters = new Map<MetricDefinition<'counter'>, CounterSample[]>();
  const histograms = new Map<MetricDefinition<'distribution'>, DistributionSample[]>();
  const today = dayOf(tickMs);
  let overflow = 0;

  /** Undefined beyond the cap: another system's totals cannot be folded, for one of them may restart. */
  function step(
    name: string,
    labels: Labels,
    numbers: readonly number[],
    startMs: number | undefined,
  ): Step | undefined {
    const series = state.followed.get(name) ?? new Map<string, Followed>();
    state.followed.set(name, series);
    const key = shortHash(seriesKey(labels));
    const last = series.get(key);
    if (last === undefined && series.size >= maxSeriesPerMetric) {
      overflow += 1;
      return undefined;
    }
    const made = stepFrom(last, numbers, startMs, state.tickMs);
    series.set(key, { numbers, startMs: made.startMs, touchedDay: today });
    return made;
  }

  return {
    follow: (metric, labels, { value, startMs }) => {
      if (!Number.isFinite(value)) return;
      const made = step(metric.name, labels, [value], startMs);
      if (made === undefined) return;
      const sample = { labels, increase: made.added[0] ?? 0, total: { value, startMs: made.startMs } };
      append(counters, metric, sample);
    },
    followHistogram: (metric, labels, { bounds, counts, sum, startMs }) => {
      const made = step(metric.name, labels, [...counts, sum], startMs);
      if (made === undefined) return;
      const observations = observationsOf(bounds, made.added.slice(0, -1));
      append(histograms, metric, { labels, observations, total: { bounds, counts, sum, startMs: made.startMs } });
    },
    close: () => {
      for (const [name, series] of state.followed) {
        for (const [key, { touchedDay }] of series) if (touchedDay < today - untouchedDays) series.delete(key);
        if (series.size === 0) state.followed.delete(name);
      }
    },
    families: () => [
      ...[...counters].map(([definition, samples]): MetricFamily => ({ type: 'counter', definition, samples })),
      ...[...histograms].map(([definition, samples]): MetricFamily => ({ type: 'distribution', definition, samples })),
    ],
    overflow: () => overflow,
    hasFollowed: () => counters.size + histograms.size > 0,
  };
}

function append<Metric, Sample>(lists: Map<Metric, Sample[]>, metric: Metric, sample: Sample): void {
  const list = lists.get(metric);
  if (list === undefined) lists.set(metric, [sample]);
  else list.push(sample);
}

/** A value that fell, or a later start, means that the other system began again at 0. */
function stepFrom(
  last: Followed | undefined,
  numbers: readonly number[],
  startMs: number | undefined,
  beforeMs: number,
): Step {
  if (last === undefined) return { added: numbers.map(() => 0), startMs: startMs ?? unknownStart };
  if (hasRestarted(last, numbers, startMs)) return { added: numbers, startMs: startMs ?? beforeMs };
  return {
    added: numbers.map((value, index) => value - (last.numbers[index] ?? 0)),
    startMs: startMs ?? last.startMs,
  };
}

function hasRestarted(last: Followed, numbers: readonly number[], startMs: number | undefined): boolean {
  if (numbers.length !== last.numbers.length) return true;
  if (startMs !== undefined && last.startMs !== unknownStart && startMs > last.startMs) return true;
  // The last number of a histogram is a sum, which may fall by itself; its counts may not.
  const counted = numbers.length > 1 ? numbers.slice(0, -1) : numbers;
  return counted.some((value, index) => value < (last.numbers[index] ?? 0));
}

/** A histogram tells no values: each observation is taken for the middle of its bucket. */
function observationsOf(bounds: readonly number[], added: readonly number[]): readonly number[] {
  const total = added.reduce((sum, count) => sum + count, 0);
  const share = Math.min(1, maxObservations / Math.max(1, total));
  return added.flatMap((count, index) => new Array<number>(Math.round(count * share)).fill(middleOf(bounds, index)));
}

function middleOf(bounds: readonly number[], index: number): number {
  const upper = bounds[index] ?? bounds.at(-1) ?? 0;
  const lower = index === 0 ? Math.min(0, upper) : (bounds[index - 1] ?? upper);
  return (lower + upper) / 2;
}
