/** The registry entry of the Chainloop source. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { ChainloopConfig } from './config.ts';
import { chainloopMetrics, describeAbsences, selectMetrics } from './metrics.ts';

export const chainloop = defineSource({
  kind: 'chainloop',
  system: 'chainloop',
  title: 'Chainloop',
  config: ChainloopConfig,
  metrics: chainloopMetrics,
  metricsOf: selectMetrics,
  absencesOf: describeAbsences,
  secretsOf: (config) => [config.token, ...collectHttpSecrets(config)],
  needsState: () => true,
  load: async () => (await import('./collect.ts')).createChainloop,
});
