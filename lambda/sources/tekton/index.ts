import { secretsOfHttp } from '../../http/settings.ts';
import type { SecretRef } from '../../secrets/secret-ref.ts';
import { defineSource } from '../source.ts';
import { TektonConfig } from './config.ts';
import { metricsOf, tektonMetrics } from './metrics.ts';
import { eksEntranceOf } from './rights.ts';

export const tekton = defineSource({
  kind: 'tekton',
  system: 'tekton',
  title: 'Tekton',
  config: TektonConfig,
  metrics: tektonMetrics,
  metricsOf,
  secretsOf: ({ cluster }) => secretsOfCluster(cluster),
  needsState: () => true,
  eksOf: eksEntranceOf,
  load: async () => (await import('./collect.ts')).createTekton,
});

function secretsOfCluster(cluster: TektonConfig['cluster']): readonly SecretRef[] {
  if ('eks' in cluster) return [];
  if ('kubeconfig' in cluster) return [cluster.kubeconfig];
  return [...(cluster.token === undefined ? [] : [cluster.token]), ...secretsOfHttp(cluster)];
}
