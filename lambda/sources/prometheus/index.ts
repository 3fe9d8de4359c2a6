/** The face of the source `prometheus`: its name, configuration, metrics and loader. */
import { collectHttpRoles, collectHttpSecrets } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { PrometheusConfig } from './config.ts';
import { absences, selectMetrics, isStateNeeded, profileMetrics } from './metrics.ts';

export const prometheus = defineSource({
  kind: 'prometheus',
  system: 'prometheus',
  title: 'Any Prometheus endpoint',
  config: PrometheusConfig,
  metrics: profileMetrics,
  metricsOf: selectMetrics,
  absencesOf: () => absences,
  secretsOf: collectHttpSecrets,
  rolesOf: collectHttpRoles,
  // Passed on as they are, counters need no memory; their increases do.
  needsState: isStateNeeded,
  answerMegabytesOf: ({ limits }) => limits.megabytes,
  load: async () => (await import('./collect.ts')).createPrometheus,
});
