/** Opens the simulated Bitbucket Cloud of the demo. */
import type { Clock } from '../../../runtime/clock.ts';
import { startBitbucketServer } from '../../../demo/simulators/bitbucket/server.ts';
import { createWorkspace, type RepositoryPlan } from '../../../demo/simulators/bitbucket/workspace.ts';
import type { Life } from '../fleet-life.ts';
import type { DemoSystem } from './system.ts';

const tokenVariable = 'DEMO_BITBUCKET_TOKEN';
const token = 'bitbucket_demo_token';

/** Bitbucket's own ceiling for scaled limits: a run every few seconds needs more than the usual 1000. */
const requestsPerHour = 10_000;

const repositories: readonly RepositoryPlan[] = [
  { slug: 'shop', project: 'WEB', runsPerHour: 20, pipelines: 'some', environments: ['staging', 'production'] },
  { slug: 'checkout', project: 'WEB', runsPerHour: 12, pipelines: 'some', hasManualStep: true },
  { slug: 'handbook', project: 'DOC', runsPerHour: 2, pipelines: 'some' },
];

const runners = [
  { uuid: '{runner-1}', name: 'office-1', labels: ['self.hosted', 'linux'], status: 'ONLINE', isBusy: true },
  { uuid: '{runner-2}', name: 'office-2', labels: ['self.hosted', 'linux'], status: 'ONLINE', isBusy: false },
] as const;

export async function openBitbucket(life: Life, clock: Clock): Promise<DemoSystem> {
  const workspace = createWorkspace({ slug: 'acme', ...life, historyHours: 1, repositories, runners });
  const credentials = new Map([[`Bearer ${token}`, 'access-token' as const]]);
  const server = await startBitbucketServer({ workspace, clock, credentials, requestsPerHour, isWorkShown: true });
  const { endpoint } = server;
  return {
    name: 'Bitbucket',
    describeSources: (refer) => [
      {
        kind: 'bitbucket-pipelines',
        name: 'workspace',
        endpoint,
        workspace: workspace.slug,
        requestsPerHour,
        auth: { accessToken: refer(tokenVariable) },
        deployments: { include: ['shop'] },
      },
    ],
    tokens: { [tokenVariable]: token },
    close: () => server.close(),
  };
}
