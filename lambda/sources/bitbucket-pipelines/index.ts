/** Describes the source bitbucket-pipelines to the collector; the reader itself is loaded when it is needed. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { BitbucketPipelinesConfig, collectAuthSecrets } from './config.ts';
import { absences, bitbucketMetrics, selectMetrics } from './metrics.ts';

export const bitbucketPipelines = defineSource({
  kind: 'bitbucket-pipelines',
  system: 'bitbucket',
  title: 'Bitbucket Pipelines',
  config: BitbucketPipelinesConfig,
  metrics: bitbucketMetrics,
  metricsOf: selectMetrics,
  absencesOf: () => absences,
  secretsOf: ({ auth, tls }) => [...collectAuthSecrets(auth), ...collectHttpSecrets({ tls })],
  eventsOf: ({ events }) => events && { kind: 'webhook', secret: events.webhookSecret, scheme: 'hub-signature' },
  // Where each list goes on, the runs in flight and the request budget live there.
  needsState: () => true,
  load: async () => (await import('./collect.ts')).createBitbucketPipelines,
});
