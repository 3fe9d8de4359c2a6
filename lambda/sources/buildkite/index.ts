/** The registry entry of the Buildkite source. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { BuildkiteConfig, resolveApiSettings, resolveEventFeed } from './config.ts';
import { buildkiteMetrics, describeAbsences, selectMetrics } from './metrics.ts';

export const buildkite = defineSource({
  kind: 'buildkite',
  system: 'buildkite',
  title: 'Buildkite',
  config: BuildkiteConfig,
  metrics: buildkiteMetrics,
  metricsOf: selectMetrics,
  absencesOf: describeAbsences,
  secretsOf: ({ agentTokens = [], apiToken, portal, ...config }) => [
    ...agentTokens,
    ...(apiToken === undefined ? [] : [apiToken]),
    ...(portal === undefined ? [] : [portal.token]),
    ...collectHttpSecrets(config),
  ],
  eventsOf: resolveEventFeed,
  needsState: ({ apiToken }) => apiToken !== undefined,
  // The agent API has no such headers.
  tellsRateLimit: (config) => resolveApiSettings(config) !== undefined,
  load: async () => (await import('./collect.ts')).createBuildkite,
});
