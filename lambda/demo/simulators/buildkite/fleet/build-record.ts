/** The builds and jobs of the simulated Buildkite, and what is called when they end. */

/** A job of the simulation; its uuid is its own, also as the retry of another one. Times are simulated seconds. */
export interface SimulatedJob {
  readonly uuid: string;
  /** Of its step; a retry has that of the job it repeats. */
  readonly name: string;
  /** How long it will run. */
  readonly seconds: number;
  /** How it will end when nothing comes between. */
  readonly fate: 'passed' | 'failed' | 'soft-failed' | 'timed_out';
  readonly build: SimulatedBuild;
  state: 'scheduled' | 'running' | 'passed' | 'failed' | 'timed_out' | 'canceled';
  readonly runnableAt: number;
  startedAt?: number;
  finishedAt?: number;
  exitStatus?: number;
  isSoftFailed?: boolean;
  /** Another job took its place. */
  isRetried?: boolean;
}

/** A build of the simulation on its way through its stages. */
export interface SimulatedBuild {
  readonly uuid: string;
  readonly number: number;
  readonly pipeline: string;
  readonly branch: string;
  readonly commit: string;
  /** Uuid of the build that it repeats. */
  readonly rebuiltFrom?: string;
  readonly createdAt: number;
  state: 'scheduled' | 'running' | 'failing' | 'passed' | 'failed' | 'canceled';
  /** A retry by hand moves it, as Buildkite does. */
  startedAt?: number | undefined;
  finishedAt?: number | undefined;
  readonly jobs: SimulatedJob[];
  /** Jobs of each later stage. */
  later: number[];
  /** The second at which a user cancels it. */
  readonly cancelAt?: number;
}

/** Called once for everything that ends, in the order of the simulation; for each attempt of a build. */
export interface FleetObserver {
  readonly jobFinished?: (job: SimulatedJob, at: QueueAddress) => void;
  readonly buildFinished?: (build: SimulatedBuild, at: QueueAddress) => void;
}

/** Which queue something happened in; `cluster` is absent for agents without one. */
export interface QueueAddress {
  readonly cluster: string | undefined;
  readonly queue: string;
  readonly clusterUuid: string | undefined;
  readonly queueUuid: string;
  /** When a simulated second was. Epoch milliseconds. */
  readonly convertToMs: (second: number) => number;
}
