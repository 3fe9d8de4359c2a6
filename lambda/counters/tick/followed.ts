/** Follows counters that other systems keep: finds their increase since the last tick, resets included. */
import { chooseCap, type Folding, type SeriesCaps } from '../../model/limits/cap.ts';
import type { CounterSample, DistributionSample, Labels, MetricDefinition, MetricFamily } from '../../model/metric.ts';
import { addHistograms } from '../../model/families/add-histograms.ts';
import { formatSeriesKey } from '../../model/families/order.ts';
import { hashKey } from './hash.ts';
import type { FollowedCounter, FollowedHistogram } from '../ledger.ts';
import { untouchedDays } from './drop-untouched.ts';
import { computeDay, type Followed, type State } from '../state/state.ts';

/** Observations that are written out for one histogram in one tick; of more, each bucket keeps its share. */
const maxObservations = 10_000;

/** Prometheus, OpenTelemetry and remote write 2.0 all take 0 for an unknown start. */
const unknownStart = 0;

/** Counters that other systems keep, during one tick. */
export interface TickFollowed {
  readonly follow: (metric: MetricDefinition<'counter'>, labels: Labels, seen: FollowedCounter) => void;
  readonly followHistogram: (metric: MetricDefinition<'distribution'>, labels: Labels, seen: FollowedHistogram) => void;
  /** Forgets what has been dead for weeks, by the time that is proven. */
  readonly close: (nowMs: number) => void;
  /** Only what was seen in this tick: a counter that its system does not show is not known. */
  readonly families: () => readonly MetricFamily[];
  /** What is beyond the limits and left out, by metric. */
  readonly folded: () => readonly Folding[];
  readonly hasFollowed: () => boolean;
}

type Seen = Omit<FollowedCounter, 'value'> & { readonly numbers: readonly number[] };

interface Step {
  /** What was added since the last tick; all zeros for the first value. */
  readonly added: readonly number[];
  readonly startMs: number;
}

export function openFollowed(state: State, tickMs: number, caps: SeriesCaps): TickFollowed {
  const counters = collectByMetric<MetricDefinition<'counter'>, CounterSample>(addCounters);
  const histograms = collectByMetric<MetricDefinition<'distribution'>, DistributionSample>(joinDistributions);
  const today = computeDay(tickMs);
  const folded = new Map<MetricDefinition, number>();

  /** Undefined beyond the cap: another system's totals cannot be folded, for one of them may restart. */
  function advanceSeries(metric: MetricDefinition, labels: Labels, seen: Seen): Step | undefined {
    const { name } = metric;
    const series = state.followed.get(name) ?? new Map<string, Followed>();
    state.followed.set(name, series);
    const key = hashKey(`${formatSeriesKey(labels)}${seen.seriesId === undefined ? '' : ` ${seen.seriesId}`}`);
    const last = series.get(key);
    if (last === undefined && series.size >= chooseCap(metric, caps).most) {
      folded.set(metric, (folded.get(metric) ?? 0) + 1);
      return undefined;
    }
    const made = computeStep(last, seen, Math.min(state.tickMs, state.provenMs));
    series.set(key, { numbers: seen.numbers, startMs: made.startMs, touchedDay: today });
    return made;
  }

  return {
    follow: (metric, labels, { value, ...more }) => {
      if (!Number.isFinite(value)) return;
      const made = advanceSeries(metric, labels, { ...more, numbers: [value] });
      if (made === undefined) return;
      const sample = { labels, increase: made.added[0] ?? 0, total: { value, startMs: made.startMs } };
      counters.add(metric, sample);
    },
    followHistogram: (metric, labels, { bounds, counts, sum, ...more }) => {
      const made = advanceSeries(metric, labels, { ...more, numbers: [...counts, sum] });
      if (made === undefined) return;
      const observations = spreadObservations(bounds, made.added.slice(0, -1));
      histograms.add(metric, { labels, observations, total: { bounds, counts, sum, startMs: made.startMs } });
    },
    close: (nowMs) => {
      const beforeDay = computeDay(nowMs) - untouchedDays;
      for (const [name, series] of state.followed) {
        for (const [key, { touchedDay }] of series) if (touchedDay < beforeDay) series.delete(key);
        if (series.size === 0) state.followed.delete(name);
      }
    },
    families: () => [
      ...counters.all().map(([definition, samples]): MetricFamily => ({ type: 'counter', definition, samples })),
      ...histograms.all().map(([definition, samples]): MetricFamily => ({ type: 'distribution', definition, samples })),
    ],
    folded: () =>
      [...folded].map(([metric, labelSets]) => ({ metric: metric.name, labelSets, ...chooseCap(metric, caps) })),
    hasFollowed: () => counters.all().length + histograms.all().length > 0,
  };
}

interface SamplesByMetric<Metric, Sample> {
  readonly add: (metric: Metric, sample: Sample) => void;
  readonly all: () => readonly (readonly [Metric, readonly Sample[]])[];
}

/** Samples with the same labels are parts of one. */
function collectByMetric<Metric, Sample extends { readonly labels: Labels }>(
  added: (a: Sample, b: Sample) => Sample,
): SamplesByMetric<Metric, Sample> {
  const metrics = new Map<Metric, Map<string, Sample>>();
  return {
    add: (metric, sample) => {
      const samples = metrics.get(metric) ?? new Map<string, Sample>();
      metrics.set(metric, samples);
      const key = formatSeriesKey(sample.labels);
      const known = samples.get(key);
      samples.set(key, known === undefined ? sample : added(known, sample));
    },
    all: () => [...metrics].map(([metric, samples]) => [metric, [...samples.values()]] as const),
  };
}

function addCounters(a: CounterSample, b: CounterSample): CounterSample {
  const value = (a.total?.value ?? 0) + (b.total?.value ?? 0);
  const startMs = Math.max(a.total?.startMs ?? unknownStart, b.total?.startMs ?? unknownStart);
  return { labels: a.labels, increase: a.increase + b.increase, total: { value, startMs } };
}

/** Totals only where their bounds are the same; there is no sum of others. */
function joinDistributions(a: DistributionSample, b: DistributionSample): DistributionSample {
  const observations = [...a.observations, ...b.observations];
  const total = a.total && b.total && addHistograms([a.total, b.total]);
  return { labels: a.labels, observations, ...(total === undefined ? {} : { total }) };
}

/** A value that fell, or a later start, means that the other system began again at 0. */
function computeStep(last: Followed | undefined, seen: Seen, beforeMs: number): Step {
  const { numbers, startMs, countsFrom = 'this-value' } = seen;
  if (last === undefined && countsFrom === 'this-value')
    return { added: numbers.map(() => 0), startMs: startMs ?? unknownStart };
  if (last === undefined || hasRestarted(last, numbers, startMs))
    return { added: numbers, startMs: startMs ?? beforeMs };
  return {
    added: numbers.map((value, index) => value - (last.numbers[index] ?? 0)),
    startMs: startMs ?? last.startMs,
  };
}

function hasRestarted(last: Followed, numbers: readonly number[], startMs: number | undefined): boolean {
  if (numbers.length !== last.numbers.length) return true;
  if (startMs !== undefined && last.startMs !== unknownStart && startMs > last.startMs) return true;
  // The last number of a histogram is a sum, which may fall by itself; its counts may not.
  const counts = numbers.length > 1 ? numbers.slice(0, -1) : numbers;
  return counts.some((value, index) => value < (last.numbers[index] ?? 0));
}

/** A histogram tells no values: each observation is taken for the middle of its bucket. */
function spreadObservations(bounds: readonly number[], added: readonly number[]): readonly number[] {
  const total = added.reduce((sum, count) => sum + count, 0);
  const share = Math.min(1, maxObservations / Math.max(1, total));
  return added.flatMap((count, index) =>
    new Array<number>(Math.round(count * share)).fill(computeMiddle(bounds, index)),
  );
}

function computeMiddle(bounds: readonly number[], index: number): number {
  const upper = bounds[index] ?? bounds.at(-1) ?? 0;
  const lower = index === 0 ? Math.min(0, upper) : (bounds[index - 1] ?? upper);
  return (lower + upper) / 2;
}
