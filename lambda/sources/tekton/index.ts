import { secretsOfHttp } from '../../http/settings.ts';
import type { SecretRef } from '../../secrets/secret-ref.ts';
import { defineSource } from '../source.ts';
import { TektonConfig } from './config.ts';
import { absencesOf, metricsOf, tektonMetrics } from './metrics.ts';
import { anonymous } from './naming.ts';
import { eksEntranceOf } from './cluster/rights.ts';

export const tekton = defineSource({
  kind: 'tekton',
  system: 'tekton',
  title: 'Tekton',
  config: TektonConfig,
  metrics: tektonMetrics,
  metricsOf,
  absencesOf,
  unnamedPipeline: anonymous,
  secretsOf: ({ cluster, results }) => [...secretsOfCluster(cluster), ...secretsOfResults(results)],
  needsState: () => true,
  rolesOf: ({ cluster }) => ('eks' in cluster && cluster.eks.roleArn !== undefined ? [cluster.eks.roleArn] : []),
  eksOf: eksEntranceOf,
  load: async () => (await import('./collect.ts')).createTekton,
});

function secretsOfResults(results: TektonConfig['results']): readonly SecretRef[] {
  return [results?.token, results?.ca].filter((ref) => ref !== undefined);
}

function secretsOfCluster(cluster: TektonConfig['cluster']): readonly SecretRef[] {
  if ('eks' in cluster) return [];
  if ('kubeconfig' in cluster) return [cluster.kubeconfig];
  return [...(cluster.token === undefined ? [] : [cluster.token]), ...secretsOfHttp(cluster)];
}
