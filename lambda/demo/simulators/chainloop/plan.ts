/** Says which workflows the simulated Chainloop has, and how their runs end. */
import type { Outage } from '../outage.ts';
import type { RunnerName } from './records.ts';

/** How many of a hundred runs of a workflow end otherwise than well. */
export interface Endings {
  readonly failed?: number;
  readonly expired?: number;
  readonly cancelled?: number;
}

export interface WorkflowPlan {
  readonly project: string;
  readonly name: string;
  readonly runner: RunnerName;
  readonly runsPerHour: number;
  readonly meanSeconds: number;
  readonly percent: Endings;
  /** Of its runs that have violations; absent: no policy is evaluated. */
  readonly violationPercent?: number;
  /** What a violation does to the run. */
  readonly gate?: 'warning' | 'blocked';
  /** Everything fails meanwhile. */
  readonly outage?: Outage;
}

export interface AttestationPlan {
  readonly organization: string;
  readonly apiToken: string;
  readonly workflows: readonly WorkflowPlan[];
}

/** The same company as in the other demos: one workflow name in two projects, a gate, and a workflow that goes down. */
export const demoAttestations: AttestationPlan = {
  organization: 'acme',
  apiToken: 'chainloop_demo_token',
  workflows: [
    {
      project: 'shop',
      name: 'build',
      runner: 'GITHUB_ACTION',
      runsPerHour: 40,
      meanSeconds: 90,
      percent: { failed: 6, expired: 1, cancelled: 2 },
      violationPercent: 8,
      gate: 'warning',
    },
    {
      project: 'shop',
      name: 'release',
      runner: 'GITHUB_ACTION',
      runsPerHour: 3,
      meanSeconds: 240,
      percent: { failed: 10 },
      violationPercent: 20,
      gate: 'blocked',
    },
    {
      project: 'platform',
      name: 'build',
      runner: 'TEKTON_PIPELINE',
      runsPerHour: 20,
      meanSeconds: 180,
      percent: { failed: 4, expired: 3 },
      outage: { firstAtSeconds: 600, everySeconds: 7200, lastsSeconds: 2700 },
    },
    {
      project: 'platform',
      name: 'sbom-nightly',
      runner: 'DAGGER_PIPELINE',
      runsPerHour: 1,
      meanSeconds: 600,
      percent: { failed: 2 },
      violationPercent: 0,
    },
  ],
};
