/** What a control plane keeps, as far as its lists and its metrics page tell it. */

/** By enum number of `RunStatus`. */
export const statusNumbers = { initialized: 1, succeeded: 2, failed: 3, expired: 4, cancelled: 5 } as const;
export type StatusName = keyof typeof statusNumbers;

/** By enum number of `PolicyStatusSummary.status`. */
export const policyNumbers = { notApplicable: 1, passed: 2, skipped: 3, warning: 4, blocked: 5, bypassed: 6 } as const;
export type PolicyName = keyof typeof policyNumbers;

/** By enum number of `RunnerType`. */
export const runnerNumbers = {
  RUNNER_TYPE_UNSPECIFIED: 0,
  GITHUB_ACTION: 1,
  GITLAB_PIPELINE: 2,
  JENKINS_JOB: 4,
  DAGGER_PIPELINE: 6,
  TEKTON_PIPELINE: 8,
} as const;
export type RunnerName = keyof typeof runnerNumbers;

export interface WorkflowRecord {
  readonly id: string;
  readonly name: string;
  readonly project: string;
}

export interface VersionRecord {
  /** A UUID; absent for one that is told by its name only. */
  readonly id?: string;
  readonly name: string;
  readonly isPrerelease: boolean;
  readonly releasedMs?: number;
}

export interface RunRecord {
  readonly id: string;
  readonly workflow: WorkflowRecord;
  readonly createdMs: number;
  /** Absent while it runs and for expired runs. */
  readonly finishedMs?: number;
  /** Another number for a status that the demo does not know. */
  readonly status: StatusName | number;
  readonly runner: RunnerName | number;
  readonly version?: VersionRecord;
  readonly policy?: { readonly status: PolicyName | number; readonly total: number; readonly violated: number };
}

export interface Records {
  readonly organization: string;
  readonly workflows: readonly WorkflowRecord[];
  /** In any order. */
  readonly runs: readonly RunRecord[];
}
