/** What goes into a request: one point of each series, before it is written as JSON. */
import type { Omission as OmissionOf } from '../../../series/losses/omissions.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import type { SeriesSample } from '../../../series/sample.ts';

/** What Cloud Monitoring calls a metric: the same for all of its series. */
export interface PointMetric {
  /** Such as `custom.googleapis.com/ci/ci_queue_jobs`. */
  readonly type: string;
  readonly kind: 'GAUGE' | 'CUMULATIVE';
  readonly valueType: 'INT64' | 'DOUBLE' | 'DISTRIBUTION';
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  /** Keys of all labels that its series may have. */
  readonly labels: readonly string[];
  /** `task`: this deployment; `global`: no deployment, as Buildkite's own tool sends it. */
  readonly resource: 'task' | 'global';
}

/** `counts[i]` observations were at most `bounds[i]`; the last count is the rest. */
export interface DistributionValue {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

export type PointValue = { readonly number: number } | { readonly distribution: DistributionValue };

export interface Point extends SeriesSample<PointMetric> {
  readonly labels: LabelSet;
  /** When a running total began; undefined for a level. Epoch milliseconds. */
  readonly startMs: number | undefined;
  readonly value: PointValue;
}

/** Points that are left out, by reason and metric. */
export type Omission = OmissionOf<OmissionReason>;

/** Why a sample is left out. */
export type OmissionReason =
  'no-total' | 'histogram' | 'no-number' | 'no-integer' | 'label' | 'labels' | 'duplicate' | 'other-kind' | 'start';
