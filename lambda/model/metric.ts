/** The metric model: definitions, samples and families of gauges, counters and distributions. */

/** What a metric is measured in. Base units only; each sink converts on the way out. Of money the label `currency` says which. */
export type Unit = 'count' | 'seconds' | 'bytes' | 'ratio' | 'percent' | 'timestamp' | 'currency';

export type MetricType = 'gauge' | 'counter' | 'distribution';

/**
 * How samples of several label sets become one, for roll-ups and for the overflow series.
 * `ratio` and `whole-percent` are computed anew from the samples' shares; `whole-percent` cuts the fraction off.
 */
export type Combination = 'sum' | 'max' | 'min' | 'ratio' | 'whole-percent';

/** The catalogue, its CloudWatch shape and every family are keyed by label names such as `queue`. */
export type Labels<Label extends string = string> = Readonly<Record<Label, string>>;

export type CloudWatchUnit = 'Count' | 'Seconds' | 'Bytes' | 'Percent' | 'None';
export type CloudWatchStatistic = 'Maximum' | 'Minimum' | 'Average' | 'Sum' | 'p50' | 'p95';

/** `neutral` and `collector` are named by the operator (`CI`, `CI/Collector`); a vendor's namespace is a fixed text. */
export type NamespaceRole = 'neutral' | 'collector' | { readonly vendor: string };

/** How one family appears in CloudWatch. A dimension is named after its label in PascalCase. */
export interface CloudWatchShape<Label extends string = string> {
  readonly namespace: NamespaceRole;
  /** One metric name, or a name for each value of a label that then is no dimension. */
  readonly name: string | { readonly label: Label; readonly names: Readonly<Record<string, string>> };
  readonly unit: CloudWatchUnit;
  /** Label names in dimension order. Sets after the first are roll-ups: CloudWatch never aggregates over dimensions. */
  readonly dimensionSets: readonly (readonly Label[])[];
  /** The statistic that dashboards and alarms read. */
  readonly statistic: CloudWatchStatistic;
  /** `percent` multiplies a ratio by 100; `age` turns a Unix time into seconds before the tick, `left` into seconds after it. */
  readonly conversion?: 'percent' | 'age' | 'left';
}

export interface MetricDefinition<Type extends MetricType = MetricType, Label extends string = string> {
  /** The Prometheus name, base unit included. */
  readonly name: string;
  readonly help: string;
  readonly type: Type;
  readonly unit: Unit;
  readonly labels: readonly Label[];
  /** Labels with a fixed list of values. They multiply series by a known factor and do not count towards the cap. */
  readonly enumerated?: Partial<Readonly<Record<Label, readonly string[]>>> | undefined;
  readonly combination: Combination;
  /** `wait`: a distribution in seconds gets the bounds of waiting times, and not those of durations. */
  readonly measures?: 'wait';
  /** Upper bounds of a distribution's histogram, where a vendor's own differ from those of the configuration. */
  readonly bounds?: readonly number[];
  readonly cloudWatch: CloudWatchShape<Label>;
  /** The neutral samples that this vendor metric repeats; CloudWatch then gets the vendor's only, to save their price. */
  readonly replaces?: { readonly metric: string; readonly labels?: Labels };
  /** Made of relayed series for sinks that cannot take those; sinks that can (`relayed.ts`) leave it out. */
  readonly reduced?: true;
}

/** What a ratio is made of, so that a roll-up weighs it correctly. */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

/** A running total for sinks that want cumulative values; only a source with durable state can give it. */
export interface RunningTotal {
  readonly value: number;
  readonly startMs: number;
}

/** `counts[i]` observations were at most `bounds[i]`, and above `bounds[i - 1]`; the last count is the rest. */
export interface RunningHistogram {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly startMs: number;
}

/** One observation with a pointer to where it came from (OpenMetrics 1.0, Exemplars: at most 128 characters in all). */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timestampMs: number;
}

export interface GaugeSample {
  readonly labels: Labels;
  readonly value: number;
  readonly share?: Share;
}

export interface CounterSample {
  readonly labels: Labels;
  readonly increase: number;
  readonly total?: RunningTotal;
}

export interface DistributionSample {
  readonly labels: Labels;
  readonly observations: readonly number[];
  readonly total?: RunningHistogram;
  /** Of observations of this window; sinks without exemplars leave them out. */
  readonly exemplars?: readonly Exemplar[];
}

/** A level as it stands now. */
export interface GaugeFamily {
  readonly type: 'gauge';
  readonly definition: MetricDefinition<'gauge'>;
  readonly samples: readonly GaugeSample[];
}

/** What happened in the run's window: an increase, never a running total. */
export interface CounterFamily {
  readonly type: 'counter';
  readonly definition: MetricDefinition<'counter'>;
  readonly samples: readonly CounterSample[];
}

/** The unreduced observations of the run's window. */
export interface DistributionFamily {
  readonly type: 'distribution';
  readonly definition: MetricDefinition<'distribution'>;
  readonly samples: readonly DistributionSample[];
}

export type MetricFamily = GaugeFamily | CounterFamily | DistributionFamily;

interface LabelledSample<Label extends string> {
  readonly labels: Labels<NoInfer<Label>>;
}

/** NoInfer makes a wrong or missing label name a compile error at the call. */
export function buildGauge<Label extends string>(
  definition: MetricDefinition<'gauge', Label>,
  samples: readonly (LabelledSample<Label> & { readonly value: number; readonly share?: Share })[],
): GaugeFamily {
  return { type: 'gauge', definition, samples };
}

export function buildCounter<Label extends string>(
  definition: MetricDefinition<'counter', Label>,
  samples: readonly (LabelledSample<Label> & { readonly increase: number; readonly total?: RunningTotal })[],
): CounterFamily {
  return { type: 'counter', definition, samples };
}

export function buildDistribution<Label extends string>(
  definition: MetricDefinition<'distribution', Label>,
  samples: readonly (LabelledSample<Label> & {
    readonly observations: readonly number[];
    readonly total?: RunningHistogram;
    readonly exemplars?: readonly Exemplar[];
  })[],
): DistributionFamily {
  return { type: 'distribution', definition, samples };
}

/** One sample, or none where the value is unknown. */
export function sampleIfKnown<Name extends string>(
  value: number | undefined,
  labels: Labels<Name>,
): readonly { readonly labels: Labels<Name>; readonly value: number }[] {
  return value === undefined ? [] : [{ labels, value }];
}

/** How many samples these families have together. */
export function countSamples(families: readonly { readonly samples: readonly unknown[] }[]): number {
  return families.reduce((sum, { samples }) => sum + samples.length, 0);
}

/** Index of the first bound that is not below the value; one more than the last for what is above all. */
export function findBucket(value: number, bounds: readonly number[]): number {
  const index = bounds.findIndex((bound) => value <= bound);
  return index === -1 ? bounds.length : index;
}
