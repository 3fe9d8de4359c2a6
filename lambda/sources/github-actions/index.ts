/** Describes the source github-actions to the collector; the reader itself is loaded when it is needed. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { GithubActionsConfig, secretOf } from './config.ts';
import { absences, githubMetrics, selectMetrics } from './metrics.ts';

export const githubActions = defineSource({
  kind: 'github-actions',
  system: 'github',
  title: 'GitHub Actions',
  config: GithubActionsConfig,
  metrics: githubMetrics,
  metricsOf: selectMetrics,
  absencesOf: () => absences,
  secretsOf: ({ auth, enterprise, tls }) => [
    secretOf(auth),
    ...(enterprise?.token === undefined ? [] : [enterprise.token]),
    ...collectHttpSecrets({ tls }),
  ],
  eventsOf: ({ events }) => events && { kind: 'webhook', secret: events.webhookSecret, scheme: 'github-signature' },
  // Where each list goes on, the runs in flight and the request budget live there.
  needsState: () => true,
  tellsRateLimit: () => true,
  load: async () => (await import('./collect.ts')).createGithubActions,
});
