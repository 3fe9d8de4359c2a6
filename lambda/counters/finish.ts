/** What a source tells the ledger of a run or job that ended: counts, observations, marks, a log line and spans. */
import type { Exemplar, Labels, MetricDefinition } from '../model/metric.ts';
import type { Span } from '../model/span.ts';

/** The pipeline of a job of which nothing tells it, so that the costs of pipelines add up to those of queues. */
export const unknownPipeline = 'unspecified';

/** One thing that a finish adds to a counter. */
export interface Count {
  readonly metric: MetricDefinition<'counter'>;
  readonly labels: Labels;
  readonly increase: number;
  /** Whose job it was, beside its busy time: where queues have prices, its cost is counted for this pipeline as well. */
  readonly ownedBy?: Labels<'scope' | 'pipeline'>;
}

/** One value that a finish adds to a distribution. A negative one is counted as clock skew and taken for 0. */
export interface Observation {
  readonly metric: MetricDefinition<'distribution'>;
  readonly labels: Labels;
  readonly value: number;
  /** Where a reader of the histogram can look; costs no series. */
  readonly exemplar?: Exemplar;
}

/** A level that a finish leaves behind, such as when a pipeline last succeeded; the run that was created last wins. */
export interface Mark {
  readonly metric: MetricDefinition<'gauge'>;
  readonly labels: Labels;
  readonly value: number;
}

/** A run or job that ended, and what that means in metrics. A source never decides whether it counts: the ledger does. */
export interface Finish {
  /**
   * Equal whenever the same finish is read again, and different for every further attempt: the vendor's id and attempt,
   * or the id and the time of the finish.
   */
  readonly key: string;
  /** By the vendor's clock; where it gives no end, the ledger's `now()` of when the end was seen. Epoch milliseconds. */
  readonly finishedMs: number;
  /**
   * When the run was created, by the vendor's clock: its marks give way to those of a run that was created later, however
   * late this one ends. Absent where the vendor does not tell (marks then go by the end) and where there are no
   * marks. Epoch milliseconds.
   */
  readonly createdMs?: number | undefined;
  readonly counts: readonly Count[];
  readonly observations: readonly Observation[];
  /** Kept for history too: a success before the installation is still the last success. */
  readonly marks: readonly Mark[];
  /** One structured log line for the finished run, where the operator wants them; absent for jobs. */
  readonly line?: Readonly<Record<string, string | number>>;
  /** The run or the jobs that end with it, for sinks that show traces; absent where their times are not known. */
  readonly spans?: readonly Span[];
}
