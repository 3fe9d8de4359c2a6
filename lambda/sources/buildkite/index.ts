import { secretsOfHttp } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { BuildkiteConfig, hasTotals } from './config.ts';
import { agentMetrics, compatMetrics, compatQueues } from './metrics.ts';

export const buildkite = defineSource({
  kind: 'buildkite',
  system: 'buildkite',
  title: 'Buildkite',
  config: BuildkiteConfig,
  metrics: [...agentMetrics, ...compatMetrics],
  metricsOf: (config) => {
    if (!config.compat) return agentMetrics;
    return [...agentMetrics, ...(hasTotals(config) ? compatMetrics : compatQueues)];
  },
  secretsOf: (config) => [...config.agentTokens, ...secretsOfHttp(config)],
  needsState: () => false,
  load: async () => (await import('./collect.ts')).createBuildkite,
});
