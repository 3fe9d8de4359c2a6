import { secretsOfHttp } from '../../http/settings.ts';
import { defineSource } from '../source.ts';
import { PrometheusConfig } from './config.ts';
import { definitionOf, measuresOf, profileMetrics } from './metrics.ts';

export const prometheus = defineSource({
  kind: 'prometheus',
  system: 'prometheus',
  title: 'Any Prometheus endpoint',
  config: PrometheusConfig,
  metrics: profileMetrics,
  metricsOf: (config) => measuresOf(config).map(definitionOf),
  secretsOf: secretsOfHttp,
  // Passed on as they are, counters need no memory; their increases do.
  needsState: (config) => measuresOf(config).some(({ type }) => type !== 'gauge'),
  load: async () => (await import('./collect.ts')).createPrometheus,
});
