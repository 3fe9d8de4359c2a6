import { rolesOfHttp, secretsOfHttp } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { PrometheusConfig } from './config.ts';
import { absences, metricsOf, needsMemory, profileMetrics } from './metrics.ts';

export const prometheus = defineSource({
  kind: 'prometheus',
  system: 'prometheus',
  title: 'Any Prometheus endpoint',
  config: PrometheusConfig,
  metrics: profileMetrics,
  metricsOf,
  absencesOf: () => absences,
  secretsOf: secretsOfHttp,
  rolesOf: rolesOfHttp,
  // Passed on as they are, counters need no memory; their increases do.
  needsState: needsMemory,
  answerMegabytesOf: ({ limits }) => limits.megabytes,
  load: async () => (await import('./collect.ts')).createPrometheus,
});
