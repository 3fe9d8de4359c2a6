/** What goes into a request: points of metrics, before either encoding. */
import type { RelayedExemplar } from '../../../../model/relayed.ts';
import type { LabelSet } from '../../../../series/label-set.ts';
import type { NamedSamples, SeriesSample } from '../../../../series/sample.ts';

/** How the points of a metric are to be read; `up-down` is a sum that may fall. */
export type MetricKind = 'gauge' | 'up-down' | 'counter' | 'histogram' | 'exponential' | 'summary';

/** Who the points are from: the collector itself, or the tool whose names are published as well. */
export type ResourceName = 'collector' | 'buildkite';

/** Sums and histograms since a fixed time, or since the run before. */
export type Temporality = 'cumulative' | 'delta';

/** The description of a metric that is sent with its points. */
export interface PointMetric {
  readonly name: string;
  readonly description: string;
  /** UCUM; empty where there is none. */
  readonly unit: string;
  readonly kind: MetricKind;
  /** Whole numbers are written as integers. */
  readonly numbers: 'int' | 'double';
  readonly resource: ResourceName;
}

/** `counts[i]` observations were at most `bounds[i]`, and above `bounds[i - 1]`; the last count is the rest. */
export interface ExplicitHistogram {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Counts of neighbouring buckets, the first of which has the index `offset`. */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** Bucket `i` holds what is above `base ** i` and at most `base ** (i + 1)`, where base is `2 ** (2 ** -scale)`. */
export interface ExponentialHistogram {
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
  readonly count: number;
  readonly sum: number;
  readonly min?: number;
  readonly max?: number;
}

/** Quantiles that another system has computed. */
export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export type PointValue =
  | { readonly type: 'number'; readonly value: number }
  | ({ readonly type: 'histogram' } & ExplicitHistogram)
  | ({ readonly type: 'exponential' } & ExponentialHistogram)
  | ({ readonly type: 'summary' } & Summary);

/** One point; its attributes are `labels`, its metric is `family`. */
export interface Point extends SeriesSample<PointMetric> {
  readonly labels: LabelSet;
  /** When a running total or an interval began. Epoch milliseconds. */
  readonly startMs: number | undefined;
  /** Ignored in a point that says that its series ends. */
  readonly value: PointValue;
  readonly exemplars?: readonly RelayedExemplar[];
}

/** All points of one metric, sorted, each series once. */
export type NamedPoints = NamedSamples<Point>;

/** Says that a series is not observed any more (OTLP, DataPointFlags: NO_RECORDED_VALUE). */
export function createEndMarker(labels: LabelSet, family: PointMetric): Point {
  return { labels, family, startMs: undefined, value: { type: 'number', value: 0 }, isStale: true };
}

/** Whether the points of a metric are added up by a receiver of increases, so that none may be sent twice. */
export function isAddedUp({ kind }: Pick<PointMetric, 'kind'>, temporality: Temporality): boolean {
  return temporality === 'delta' && (kind === 'counter' || kind === 'histogram' || kind === 'exponential');
}
