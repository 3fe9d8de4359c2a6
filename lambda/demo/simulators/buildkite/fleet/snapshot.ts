/** What the simulated fleet looks like at one moment. */

/** Jobs as the agent API counts them: `waiting` is behind a wait step, `total` is without it. */
export interface JobCounts {
  readonly scheduled: number;
  readonly running: number;
  readonly waiting: number;
  readonly total: number;
}

export interface AgentCounts {
  readonly idle: number;
  readonly busy: number;
  readonly total: number;
}

export interface QueueSnapshot {
  readonly key: string;
  readonly isHosted: boolean;
  readonly jobs: JobCounts;
  /** Absent for hosted queues. */
  readonly agents?: AgentCounts;
}

export interface ClusterSnapshot {
  /** Absent for agents without a cluster. */
  readonly name?: string;
  readonly agentToken: string;
  readonly queues: readonly QueueSnapshot[];
}

/** The whole fleet at one moment. */
export interface FleetSnapshot {
  readonly organization: string;
  /** Since the fleet was made, at its own speed. */
  readonly simulatedSeconds: number;
  readonly clusters: readonly ClusterSnapshot[];
}
