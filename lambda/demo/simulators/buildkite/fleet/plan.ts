/** Says which clusters, queues and pipelines the simulated Buildkite has. */
import type { Outage } from '../../outage.ts';

/** The agents of a queue. `hosted` ones are Buildkite's own: jobs run on them, but the agent API does not count them. */
export type AgentPlan =
  | { readonly kind: 'fixed'; readonly count: number; readonly outage?: Outage }
  | {
      readonly kind: 'scaled';
      readonly least: number;
      readonly most: number;
      /** How long a new agent takes to come, and an idle one stays. */
      readonly startSeconds: number;
      readonly idleSeconds: number;
    }
  | { readonly kind: 'hosted'; readonly most: number };

/** Several builds at once, again and again. */
export interface Bursts {
  readonly everySeconds: number;
  readonly builds: number;
}

export interface PipelinePlan {
  readonly slug: string;
  /** Of its jobs, from 0 to 1. */
  readonly failRate: number;
}

export interface QueuePlan {
  readonly key: string;
  /** Whose builds run here, each as often as the others. */
  readonly pipelines: readonly [PipelinePlan, ...PipelinePlan[]];
  readonly agents: AgentPlan;
  readonly buildsPerHour: number;
  readonly bursts?: Bursts;
  /** Jobs of each stage of a build; a stage waits for the one before, as behind a wait step. */
  readonly stages: readonly number[];
  readonly jobSeconds: number;
}

export interface ClusterPlan {
  /** Absent for agents without a cluster. */
  readonly name?: string;
  readonly agentToken: string;
  readonly queues: readonly QueuePlan[];
}

export interface FleetPlan {
  readonly organization: string;
  /** The token of a user, for REST and GraphQL. */
  readonly apiToken: string;
  /** Whether people press retry at failed jobs of builds that have ended. Default: some do. */
  readonly retriesByHand?: 'some' | 'none';
  readonly clusters: readonly ClusterPlan[];
}

/** A small company: every kind of queue that the dashboards and alarms are made for, and the same name in two places. */
export const demoPlan: FleetPlan = {
  organization: 'acme',
  apiToken: 'bkua_demo',
  clusters: [
    {
      name: 'Linux',
      agentToken: 'bkct_demo_linux',
      queues: [
        {
          key: 'default',
          pipelines: [
            { slug: 'web', failRate: 0.05 },
            { slug: 'api', failRate: 0.02 },
          ],
          agents: { kind: 'fixed', count: 12 },
          buildsPerHour: 65,
          stages: [1, 4, 1],
          jobSeconds: 75,
        },
        {
          key: 'deploy',
          pipelines: [{ slug: 'deploy', failRate: 0.02 }],
          agents: { kind: 'fixed', count: 4 },
          buildsPerHour: 6,
          bursts: { everySeconds: 240, builds: 5 },
          stages: [1, 2],
          jobSeconds: 40,
        },
        {
          key: 'integration',
          pipelines: [{ slug: 'integration', failRate: 0.08 }],
          agents: {
            kind: 'fixed',
            count: 5,
            outage: { firstAtSeconds: 60, everySeconds: 900, lastsSeconds: 150 },
          },
          buildsPerHour: 110,
          stages: [2],
          jobSeconds: 60,
        },
      ],
    },
    {
      name: 'Apple',
      agentToken: 'bkct_demo_apple',
      queues: [
        {
          key: 'mobile',
          pipelines: [
            { slug: 'ios', failRate: 0.06 },
            { slug: 'android', failRate: 0.03 },
          ],
          agents: { kind: 'scaled', least: 0, most: 6, startSeconds: 20, idleSeconds: 20 },
          buildsPerHour: 3,
          bursts: { everySeconds: 360, builds: 3 },
          stages: [1, 3],
          jobSeconds: 70,
        },
        {
          key: 'hosted',
          pipelines: [{ slug: 'docs', failRate: 0.01 }],
          agents: { kind: 'hosted', most: 8 },
          buildsPerHour: 60,
          stages: [2, 1],
          jobSeconds: 50,
        },
      ],
    },
    {
      agentToken: 'bkar_demo_unclustered',
      queues: [
        {
          key: 'default',
          pipelines: [{ slug: 'legacy', failRate: 0.1 }],
          agents: { kind: 'fixed', count: 2 },
          buildsPerHour: 25,
          stages: [1],
          jobSeconds: 120,
        },
      ],
    },
  ],
};

/** Queues that a configuration must name in `hostedQueues`. */
export function findHostedQueues({ clusters }: FleetPlan): readonly string[] {
  return clusters.flatMap(({ queues }) =>
    queues.filter(({ agents }) => agents.kind === 'hosted').map(({ key }) => key),
  );
}
