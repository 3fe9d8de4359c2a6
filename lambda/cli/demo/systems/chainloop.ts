/** Opens the simulated Chainloop of the demo, whose attestations are read beside the builds. */
import type { Clock } from '../../../runtime/clock.ts';
import { createAttestations } from '../../../demo/simulators/chainloop/attestations.ts';
import { startChainloopServer } from '../../../demo/simulators/chainloop/server.ts';
import type { Life } from '../fleet-life.ts';
import type { DemoSystem } from './system.ts';

const tokenVariable = 'DEMO_CHAINLOOP_TOKEN';

export async function openChainloop(life: Life, clock: Clock): Promise<DemoSystem> {
  const attestations = createAttestations(life);
  const server = await startChainloopServer({ clock, attestations });
  const { organization } = attestations.records();
  return {
    name: 'Chainloop',
    describeSources: (refer) => [
      { kind: 'chainloop', name: 'attestations', url: server.url, organization, token: refer(tokenVariable) },
    ],
    tokens: { [tokenVariable]: attestations.apiToken },
    close: () => server.close(),
  };
}
