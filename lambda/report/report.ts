/** The report of one run: outcomes of its sources and sinks, and of the whole. */
import type { CountingFigures } from '../counters/tick/count-tick.ts';
import type { RequestMeter } from '../http/port.ts';
import type { SourceOutput } from '../model/batch.ts';
import type { GaugeFamily } from '../model/metric.ts';
import type { Problem } from '../model/problem.ts';

export interface SourceOutcome {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly system: string;
  readonly name: string;
  readonly status: SourceOutput['status'];
  readonly durationMs: number;
  readonly samples: number;
  /** Label sets folded into `#other#`. */
  readonly overflow: number;
  readonly problems: readonly Problem[];
  readonly meter: RequestMeter;
  /** What the state of its counters says; absent for a source that counts nothing, or could not. */
  readonly counting?: CountingFigures | undefined;
  /** Why another invocation publishes this tick. */
  readonly skippedBecause?: string | undefined;
  /** Epoch milliseconds; absent until the source has given everything once in this process. */
  readonly lastSuccessMs?: number | undefined;
  /** Figures of the collector's health that the source itself told, such as when its credential ends. */
  readonly told?: readonly GaugeFamily[];
}

export interface SinkOutcome {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly name: string;
  readonly durationMs: number;
  readonly accepted: number;
  readonly requests: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
  /** The sink's protocol has no answers: `accepted` samples were sent, and it is unknown how many arrived. */
  readonly isUnanswered?: true | undefined;
  /** Increases that wait for a later run; absent for a sink that takes running totals. */
  readonly pending?: number | undefined;
  /** Increases whose fate is unknown. */
  readonly unconfirmed?: number | undefined;
  /** Increases that are lost. */
  readonly dropped?: number | undefined;
}

/**
 * `ok`: no problem; `degraded`: some data is missing somewhere; `failed`: nothing could be collected or nothing could
 * be delivered.
 */
export type Outcome = 'ok' | 'degraded' | 'failed';

export interface RunReport {
  readonly outcome: Outcome;
  readonly collector: string;
  readonly tickMs: number;
  /** When the run was due; absent for a run without a schedule. Epoch milliseconds. */
  readonly scheduledMs?: number | undefined;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly sources: readonly SourceOutcome[];
  readonly sinks: readonly SinkOutcome[];
}

export function determineOutcome(sources: readonly SourceOutcome[], sinks: readonly SinkOutcome[]): Outcome {
  if (sources.every(({ status }) => status === 'failed')) return 'failed';
  if (sinks.length > 0 && sinks.every(({ accepted, problems }) => accepted === 0 && problems.length > 0))
    return 'failed';
  return [...sources, ...sinks].some(({ problems }) => problems.length > 0) ? 'degraded' : 'ok';
}

/** The problems of all sources, and then of all sinks. */
export function collectProblems({
  sources,
  sinks = [],
}: Pick<RunReport, 'sources'> & Partial<Pick<RunReport, 'sinks'>>): readonly Problem[] {
  return [...sources, ...sinks].flatMap(({ problems }) => problems);
}

/** Nothing could be collected, or nothing delivered. Lambda counts it as an error; the report has the reasons. */
export class RunFailedError extends Error {
  override readonly name = 'RunFailedError';
}

/** The first reason of a failed run, in one sentence. */
export function describeFailedRun(report: RunReport | undefined): string {
  if (report === undefined) return 'no run fitted into the invocation; raise the function timeout';
  const { sources, sinks } = report;
  const everySourceFailed = sources.every(({ status }) => status === 'failed');
  const what = everySourceFailed ? 'nothing could be collected' : 'nothing could be delivered';
  // Only the side that failed: the first problem of the other one would be blamed for what it did not do.
  const [first] = (everySourceFailed ? sources : sinks).flatMap(({ problems }) => problems);
  return first === undefined ? what : `${what}: ${first.where}: ${first.message}`;
}
