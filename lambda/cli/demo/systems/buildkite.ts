/** Opens the simulated Buildkite of the demo. */
import type { Clock } from '../../../runtime/clock.ts';
import { createFleet } from '../../../demo/simulators/buildkite/fleet/fleet.ts';
import { startBuildkiteServer } from '../../../demo/simulators/buildkite/server.ts';
import type { Life } from '../fleet-life.ts';
import type { DemoSystem } from './system.ts';

/** A run every few seconds needs more than Buildkite allows a user for one a minute. */
const demoLimits = { requestsPerMinute: 10_000, pointsPerFiveMinutes: 1_000_000 } as const;

const apiTokenVariable = 'DEMO_API_TOKEN';

export async function openBuildkite(life: Life, clock: Clock): Promise<DemoSystem> {
  const fleet = createFleet(life);
  // No least time between two polls: a figure that stands still for ten seconds makes a dull demo.
  const server = await startBuildkiteServer({ clock, fleet, pollSeconds: 0, ...demoLimits });
  const { endpoint, restEndpoint, graphqlEndpoint } = server;
  const { hostedQueues } = fleet;
  const agentTokens = fleet.agentTokens.map(
    (token, index) => [`DEMO_AGENT_TOKEN_${String(index + 1)}`, token] as const,
  );
  return {
    name: 'Buildkite',
    describeSources: (refer) => [
      {
        kind: 'buildkite',
        name: 'demo',
        endpoint,
        restEndpoint,
        graphqlEndpoint,
        agentTokens: agentTokens.map(([name]) => refer(name)),
        apiToken: refer(apiTokenVariable),
        hostedQueues,
        ...demoLimits,
      },
    ],
    tokens: { ...Object.fromEntries(agentTokens), [apiTokenVariable]: fleet.apiToken },
    close: () => server.close(),
  };
}
