/** Opens the simulated GitHub of the demo. */
import type { Clock } from '../../../runtime/clock.ts';
import { createOrganization } from '../../../demo/simulators/github/organization/organization.ts';
import { startGithubServer } from '../../../demo/simulators/github/server.ts';
import type { Life } from '../fleet-life.ts';
import type { DemoSystem } from './system.ts';

const tokenVariable = 'DEMO_GITHUB_TOKEN';
const token = 'ghp_demo_token';

/** A run every few seconds needs more than the 5,000 that GitHub allows a person. */
const requestsPerHour = 50_000;
const pointsPerMinute = 10_000;

export async function openGithub(life: Life, clock: Clock): Promise<DemoSystem> {
  const organization = createOrganization(life);
  const credentials = [{ kind: 'classic', token, scopes: ['repo', 'admin:org'] }] as const;
  // What is not read is not made either: it would be most of what the demo costs of the processor.
  const limits = { requestsPerHour, pointsPerMinute };
  const server = await startGithubServer({ organization, clock, credentials, bodies: 'lean', ...limits });
  const { endpoint } = server;
  return {
    name: 'GitHub',
    describeSources: (refer) => [
      {
        ...{ kind: 'github-actions', name: 'actions', endpoint, organization: organization.login, requestsPerHour },
        auth: { token: refer(tokenVariable) },
      },
    ],
    tokens: { [tokenVariable]: token },
    close: () => server.close(),
  };
}
