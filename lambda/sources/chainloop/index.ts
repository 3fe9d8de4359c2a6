/** The registry entry of the Chainloop source. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { credentialMetrics } from '../../model/credential.ts';
import { defineSource } from '../source.ts';
import { ChainloopConfig } from './config.ts';
import { absencesOf, compatMetrics, controlPlaneMetrics } from './metrics.ts';

export const chainloop = defineSource({
  kind: 'chainloop',
  system: 'chainloop',
  title: 'Chainloop',
  config: ChainloopConfig,
  metrics: [...controlPlaneMetrics, ...compatMetrics, ...credentialMetrics],
  metricsOf: ({ read, compat }) => [
    ...(read === 'relay' ? [] : controlPlaneMetrics),
    // A relay without the names that it relays would be empty.
    ...(compat || read !== 'control-plane' ? compatMetrics : []),
    ...credentialMetrics,
  ],
  absencesOf,
  secretsOf: (config) => [config.token, ...collectHttpSecrets(config)],
  needsState: () => true,
  load: async () => (await import('./collect.ts')).createChainloop,
});
