/** What the collector tells its page in a browser: the history so far at first, and then each run as it ends. */
import type { Problem } from '../model/problem.ts';
import type { SourceOutput } from '../model/batch.ts';

/** Null where nothing is known, which is not 0. */
export type Figure = number | null;

/** Figures of a queue that are kept from run to run. Oldest wait in seconds. */
export const queueFigures = ['queued', 'running', 'busy', 'oldestWait'] as const;
export type QueueFigure = (typeof queueFigures)[number];

/** One queue as the last run found it. */
export interface QueueNow extends Readonly<Record<QueueFigure, Figure>> {
  readonly key: string;
  readonly source: string;
  readonly scope: string;
  readonly queue: string;
  /** False while its source could not be read: all figures are null then. */
  readonly isKnown: boolean;
  readonly blocked: Figure;
  readonly idle: Figure;
  /** Queued jobs that no worker will take. */
  readonly starved: Figure;
  /** Since when it has been starved without a break. Epoch milliseconds. */
  readonly starvedSinceMs: Figure;
  /** Seconds that jobs waited: as the CI system reports them, else of the newest jobs that were seen to end. */
  readonly p50: Figure;
  readonly p95: Figure;
}

/** Builds that ended in one run of the collector. */
export const pipelineFigures = ['passed', 'failed'] as const;
export type PipelineFigure = (typeof pipelineFigures)[number];

/** One pipeline, and what of it ended in the last run. */
export interface PipelineNow extends Readonly<Record<PipelineFigure, Figure>> {
  readonly key: string;
  readonly source: string;
  readonly scope: string;
  readonly pipeline: string;
  /** Since the page began to watch. */
  readonly passedInAll: number;
  readonly failedInAll: number;
  /** Median of its newest builds. Seconds. */
  readonly duration: Figure;
}

/** Figures of everything together. Waits in seconds, the run in milliseconds. */
export const fleetFigures = [
  'queued',
  'running',
  'busy',
  'workers',
  'starvedQueues',
  'oldestWait',
  'passed',
  'failed',
  'waitP50',
  'waitP95',
  'runMs',
] as const;
export type FleetFigure = (typeof fleetFigures)[number];
export type Fleet = Readonly<Record<FleetFigure, Figure>>;

export interface SourceHealth {
  readonly id: string;
  readonly status: SourceOutput['status'];
  readonly durationMs: number;
  readonly samples: number;
  /** Requests by class of their answer, such as `12 × 2xx`. */
  readonly answers: string;
  /** Requests that the CI system still allows in its window, where it tells. */
  readonly quota: Figure;
  readonly quotaLimit: Figure;
  /** Epoch milliseconds. */
  readonly lastSuccessMs: Figure;
}

export interface SinkHealth {
  readonly id: string;
  readonly isUp: boolean;
  readonly durationMs: number;
  readonly accepted: number;
  /** Increases that wait for a later run. */
  readonly pending: Figure;
}

/** A problem with the source or sink that had it. */
export interface ShownProblem extends Problem {
  readonly component: string;
}

/** As in the report of a run, of which a browser can import nothing: it knows no Node. */
export type Outcome = 'ok' | 'degraded' | 'failed';

/** How the collector itself is. */
export interface Health {
  readonly outcome: Outcome;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Runs of this process by their outcome. */
  readonly runs: Readonly<Record<Outcome, number>>;
  readonly sources: readonly SourceHealth[];
  readonly sinks: readonly SinkHealth[];
  readonly problems: readonly ShownProblem[];
  /** Problems beyond those that are shown. */
  readonly moreProblems: number;
}

/** One run of the collector. */
export interface Run {
  /** When it ended. Epoch milliseconds. */
  readonly atMs: number;
  /** Runs for which figures of queues and pipelines are kept. */
  readonly limit: number;
  readonly fleet: Fleet;
  /** All queues; one that is missing here is no more. */
  readonly queues: readonly QueueNow[];
  readonly pipelines: readonly PipelineNow[];
  readonly health: Health;
}

/** Past figures, the newest last: they end together with the history's times, and may begin later. */
export type Past<Name extends string> = Readonly<Record<Name, Figure[]>>;

export interface Followed<Now, Name extends string> {
  now: Now;
  readonly past: Past<Name>;
}

export type FollowedQueue = Followed<QueueNow, QueueFigure>;
export type FollowedPipeline = Followed<PipelineNow, PipelineFigure>;

/** What is remembered of the runs of this process. */
export interface History {
  /** When each run ended. Epoch milliseconds. */
  readonly times: number[];
  readonly fleet: Past<FleetFigure>;
  queues: FollowedQueue[];
  pipelines: FollowedPipeline[];
  /** Null before the first run has ended. */
  health: Health | null;
}

/** What does not change while the process runs. */
export interface Facts {
  readonly collector: string;
  readonly version: string;
  readonly intervalMs: number;
  /** Since when the page has watched. Epoch milliseconds. */
  readonly sinceMs: number;
  /** Where scrapers find the metrics. */
  readonly metricsPath: string;
}

/** The first message to each browser. */
export interface Opening {
  readonly facts: Facts;
  /** By the collector's clock, which may differ from the browser's. Epoch milliseconds. */
  readonly nowMs: number;
  readonly history: History;
}
