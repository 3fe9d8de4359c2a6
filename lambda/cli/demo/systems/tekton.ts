/** Opens the simulated cluster with Tekton of the demo. */
import type { Clock } from '../../../runtime/clock.ts';
import { startApiServer } from '../../../demo/simulators/tekton/api-server.ts';
import { createCluster } from '../../../demo/simulators/tekton/cluster.ts';
import type { Life } from '../fleet-life.ts';
import type { DemoSystem } from './system.ts';

const tokenVariable = 'DEMO_TEKTON_TOKEN';
const token = 'tekton_demo_token';

/** Simulated before the start, so that the first request finds runs. Simulated seconds. */
const warmUpSeconds = 1200;

/** Half a minute at the greatest speed ends more runs than the 300 that a source asks for one by one as it comes. */
const detailRequests = 3000;

/** Longer than the demo takes from run to run, shorter than what makes its lists long. Real seconds. */
const keepSeconds = 300;

export async function openTekton(life: Life, clock: Clock): Promise<DemoSystem> {
  const { seed, speed, arrivalsUntilMs } = life;
  const bornMs = life.startMs - (warmUpSeconds * 1000) / speed;
  const startMs = Math.floor(bornMs / 1000) * 1000;
  const { store, advance } = createCluster({ seed, speed, startMs, keepSeconds, arrivalsUntilMs });
  const server = await startApiServer({ clock, store, advance, isKnown: (candidate) => candidate === token });
  return {
    name: 'Tekton',
    describeSources: (refer) => [
      {
        ...{ kind: 'tekton', name: 'cluster', detailRequests },
        cluster: { server: server.url, token: refer(tokenVariable) },
      },
    ],
    tokens: { [tokenVariable]: token },
    close: () => server.close(),
  };
}
