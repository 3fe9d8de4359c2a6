/** Says which repositories, workflows and runners the simulated GitHub organization has. */

/** One job of a workflow. */
export interface JobPlan {
  readonly name: string;
  /** `runs-on`; empty where `group` alone chooses the runner. */
  readonly labels: readonly string[];
  /** Name of a pool in the plan. */
  readonly pool: string;
  /** On average; simulated. */
  readonly meanSeconds: number;
  /** It waits for the approval of this environment, and then deploys to it. */
  readonly environment?: string;
}

export interface WorkflowPlan {
  readonly name: string;
  /** Below `.github/workflows/`. */
  readonly file: string;
  readonly event: 'push' | 'pull_request' | 'schedule' | 'workflow_dispatch' | 'merge_group';
  /** Simulated hours. */
  readonly runsPerHour: number;
  /** Each stage needs all jobs of the one before. */
  readonly stages: readonly (readonly JobPlan[])[];
  /** Of a hundred first attempts. */
  readonly failedPercent?: number;
  /** One run at a time; of those that wait, only the newest is kept, as with `concurrency`. */
  readonly concurrency?: 'one';
}

export interface RepositoryPlan {
  readonly name: string;
  readonly workflows: readonly WorkflowPlan[];
  /** `hidden`: the credential may not see it, so everything below it answers 404. */
  readonly visibility?: 'private' | 'public' | 'hidden';
  readonly archived?: boolean;
  /** Its name before it was renamed; what is asked for under it is answered with 301. */
  readonly formerName?: string;
}

/** Machines that run jobs. */
export interface PoolPlan {
  readonly name: string;
  /** `hosted`: GitHub's own, in no list of runners. `ephemeral`: registered for one job each. */
  readonly kind: 'self-hosted' | 'ephemeral' | 'hosted';
  /** Of the machines; a job needs all of its labels among them. */
  readonly labels: readonly string[];
  /** Machines, or the most jobs at a time of a hosted pool. */
  readonly size: number;
  /** Offline from the beginning on: jobs for it wait for ever. */
  readonly isOffline?: boolean;
  readonly group?: string;
  /** Of a hosted pool: a larger runner, which has a limit of its own and its name as its label. */
  readonly isLarger?: boolean;
  /** Of a self-hosted pool: registered at the enterprise, so that the list of the organization does not show it. */
  readonly isOfEnterprise?: boolean;
}

export interface OrganizationPlan {
  readonly login: string;
  /** Short name of the enterprise that it belongs to. */
  readonly enterprise?: string;
  readonly repositories: readonly RepositoryPlan[];
  readonly pools: readonly PoolPlan[];
}

const linux = { labels: ['self-hosted', 'linux', 'x64'], pool: 'linux' } as const;
const hosted = { labels: ['ubuntu-latest'], pool: 'ubuntu' } as const;
const larger = { labels: ['ubuntu-16-core'], pool: 'ubuntu-16-core' } as const;
const gpu = { labels: ['gpu'], pool: 'gpu' } as const;

const buildStages: WorkflowPlan['stages'] = [
  [{ name: 'lint', meanSeconds: 40, ...hosted }],
  [
    { name: 'test (20)', meanSeconds: 120, ...linux },
    { name: 'test (24)', meanSeconds: 150, ...linux },
  ],
];

/** A shop with a merge queue and a gated release, a model that needs GPUs, and a handbook that is rarely touched; releases are packed on a larger runner. */
export const demoOrganization: OrganizationPlan = {
  login: 'acme',
  repositories: [
    {
      name: 'storefront',
      workflows: [
        { name: 'build', file: 'build.yml', event: 'push', runsPerHour: 20, stages: buildStages, failedPercent: 12 },
        { name: 'checks', file: 'checks.yml', event: 'pull_request', runsPerHour: 24, stages: buildStages },
        { name: 'queue', file: 'queue.yml', event: 'merge_group', runsPerHour: 8, stages: buildStages },
        {
          ...{ name: 'release', file: 'release.yml', event: 'push', runsPerHour: 4, concurrency: 'one' },
          stages: [
            [{ name: 'package', meanSeconds: 90, ...larger }],
            [{ name: 'deploy', meanSeconds: 60, environment: 'production', ...hosted }],
          ],
        },
      ],
    },
    {
      name: 'recommender',
      workflows: [
        {
          ...{ name: 'train', file: 'train.yml', event: 'schedule', runsPerHour: 4, failedPercent: 20 },
          stages: [[{ name: 'train', meanSeconds: 600, ...gpu }]],
        },
      ],
    },
    {
      name: 'handbook',
      visibility: 'public',
      workflows: [
        {
          ...{ name: 'pages', file: 'pages.yml', event: 'push', runsPerHour: 2 },
          stages: [[{ name: 'build', meanSeconds: 30, ...hosted }]],
        },
      ],
    },
  ],
  pools: [
    { name: 'linux', kind: 'self-hosted', labels: ['self-hosted', 'linux', 'x64'], size: 4, group: 'Default' },
    { name: 'gpu', kind: 'ephemeral', labels: ['gpu'], size: 1, group: 'gpu' },
    { name: 'ubuntu', kind: 'hosted', labels: ['ubuntu-latest'], size: 20 },
    { name: 'ubuntu-16-core', kind: 'hosted', labels: ['ubuntu-16-core'], size: 10, isLarger: true },
  ],
};
