/** The pipeline: everything that is built once a process, and what each run of it gets. */
import type { Counting } from './counters/counting.ts';
import type { RequestMeter } from './http/port.ts';
import type { ClockReading } from './http/answers/server-clock.ts';
import type { RunReport } from './report/report.ts';
import type { Cleaner } from './model/text/admit.ts';
import type { SeriesCaps } from './model/limits/cap.ts';
import type { MetricDefinition } from './model/metric.ts';
import type { RunResources } from './model/limits/capacity.ts';
import type { Clock } from './runtime/clock.ts';
import type { Deadline } from './runtime/deadline.ts';
import type { Logger } from './runtime/log.ts';
import type { Sink } from './sinks/sink.ts';
import type { Source } from './sources/source.ts';

export interface ConfiguredSource {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly system: string;
  readonly name: string;
  /** What it may emit when configured as it is. */
  readonly metrics: readonly MetricDefinition[];
  /** Whether it opens a ledger. */
  readonly needsState: boolean;
  readonly source: Source;
  /** What the source's requests did since the last call. */
  readonly takeMeter: () => RequestMeter;
  /** What the clocks of its servers have said since then. */
  readonly readClocks: () => readonly ClockReading[];
}

export interface ConfiguredSink {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly name: string;
  readonly sink: Sink;
}

/** Everything that is built once a process and used by every run in it. */
export interface Pipeline extends Omit<SeriesCaps, 'room'> {
  /** Name of this deployment. */
  readonly collector: string;
  readonly sources: readonly ConfiguredSource[];
  readonly sinks: readonly ConfiguredSink[];
  /** Absent where no source needs state: then nothing of it is loaded. */
  readonly counting?: Counting | undefined;
  /** Reads all secrets that are due in as few calls as possible; a secret that cannot be read fails where it is used. */
  readonly prefetchSecrets: (signal: AbortSignal) => Promise<void>;
  /** Takes secrets out of whatever sources and sinks say; absent where there are none. */
  readonly cleaner?: Cleaner | undefined;
  /** Memory and time, which limit the samples of a run; absent: there is no limit. */
  readonly resources?: RunResources | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RunContext {
  readonly deadline: Deadline;
  /** Scheduled time, floored to the interval. Epoch milliseconds. */
  readonly tickMs: number;
  /** When the run was due; absent for a run without a schedule. Epoch milliseconds. */
  readonly scheduledMs?: number | undefined;
  /** The run before in this process; sinks learn from it how the others did. */
  readonly before?: RunReport | undefined;
}
