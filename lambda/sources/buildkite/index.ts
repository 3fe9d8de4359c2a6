/** The registry entry of the Buildkite source. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { credentialMetrics } from '../../model/credential.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import { defineSource } from '../source.ts';
import { resolveApiSettings, BuildkiteConfig, resolveEventFeed, hasTotals } from './config.ts';
import {
  absencesOf,
  agentMetrics,
  buildMetrics,
  compatMetrics,
  compatQueues,
  jobMetrics,
  waitMetrics,
} from './metrics.ts';

export const buildkite = defineSource({
  kind: 'buildkite',
  system: 'buildkite',
  title: 'Buildkite',
  config: BuildkiteConfig,
  metrics: [...agentMetrics, ...waitMetrics, ...buildMetrics, ...jobMetrics, ...credentialMetrics, ...compatMetrics],
  metricsOf: (config) => [...agentMetrics, ...selectApiMetrics(config), ...selectCompatMetrics(config)],
  absencesOf,
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

function selectApiMetrics(config: BuildkiteConfig): readonly MetricDefinition[] {
  const settings = resolveApiSettings(config);
  if (settings === undefined) return [];
  const { waits, jobs } = settings;
  return [
    ...(waits === 'off' ? [] : waitMetrics),
    ...buildMetrics,
    ...(jobs === 'skip' ? [] : jobMetrics),
    ...credentialMetrics,
  ];
}

function selectCompatMetrics(config: BuildkiteConfig): readonly MetricDefinition[] {
  if (!config.compat || config.agentTokens === undefined) return [];
  return hasTotals(config) ? compatMetrics : compatQueues;
}
