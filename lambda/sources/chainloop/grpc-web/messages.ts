/** Records of the control plane's API, as far as they are used. */

/**
 * What the messages of chainloop-dev/chainloop v1.106.1 say (`app/controlplane/api/controlplane/v1/*.proto`), as far as it
 * is needed.
 */

import type { Runner } from '../metrics.ts';

/** By enum number. `unknown` is a value of a newer server. */
export const runStatuses = ['unspecified', 'initialized', 'succeeded', 'failed', 'expired', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number] | 'unknown';

/** The deprecated text of the same, for servers that do not send the enum; both spellings of cancelled. */
export const statusByState: Readonly<Record<string, RunStatus>> = {
  initialized: 'initialized',
  success: 'succeeded',
  error: 'failed',
  expired: 'expired',
  canceled: 'cancelled',
  cancelled: 'cancelled',
};

export const policyStatuses = [
  'unspecified',
  'not_applicable',
  'passed',
  'skipped',
  'warning',
  'blocked',
  'bypassed',
] as const;
export type PolicyStatus = (typeof policyStatuses)[number] | 'unknown';

export interface PolicySummary {
  readonly status: PolicyStatus;
  /** Violations over all evaluations of the run. */
  readonly violated: number;
}

/** The version of a project that a run belongs to. */
export interface ProjectVersion {
  /** A UUID; absent at servers that do not tell it. */
  readonly id?: string;
  readonly name: string;
  readonly isReleased: boolean;
}

export interface Run {
  readonly id: string;
  readonly createdMs: number;
  /** Absent while it runs, and for expired runs for ever. */
  readonly finishedMs?: number;
  readonly status: RunStatus;
  readonly runner: Runner;
  readonly version?: ProjectVersion;
  /** Absent when no policy was evaluated. */
  readonly policy?: PolicySummary;
}

export interface WorkflowName {
  readonly name: string;
  /** Empty at servers that are older than projects. */
  readonly project: string;
}

export interface WorkflowRun extends Run {
  readonly workflow: WorkflowName;
}

export interface Workflow extends WorkflowName {
  readonly lastRun?: Run;
}

export interface RunPage {
  readonly runs: readonly WorkflowRun[];
  /** Empty on the last page; opaque. */
  readonly nextCursor: string;
  /** Elements that could not be read. */
  readonly unreadable: number;
}

export interface WorkflowPage {
  readonly workflows: readonly Workflow[];
  readonly totalPages: number;
  /** How many workflows there are; absent at servers that know no pages. */
  readonly total?: number;
  readonly unreadable: number;
}
