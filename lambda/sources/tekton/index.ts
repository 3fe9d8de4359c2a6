/** Describes the source tekton to the collector; the reader itself is loaded when it is needed. */
import { collectHttpSecrets } from '../../http/settings.ts';
import type { SecretRef } from '../../secrets/secret-ref.ts';
import { defineSource } from '../source.ts';
import { TektonConfig } from './config.ts';
import { describeAbsences, selectMetrics, tektonMetrics } from './metrics.ts';
import { anonymous } from './naming.ts';
import { describeEksEntrance } from './cluster/rights.ts';

export const tekton = defineSource({
  kind: 'tekton',
  system: 'tekton',
  title: 'Tekton',
  config: TektonConfig,
  metrics: tektonMetrics,
  metricsOf: selectMetrics,
  absencesOf: describeAbsences,
  unnamedPipeline: anonymous,
  secretsOf: ({ cluster, results }) => [...collectClusterSecrets(cluster), ...collectResultsSecrets(results)],
  needsState: () => true,
  rolesOf: ({ cluster }) => ('eks' in cluster && cluster.eks.roleArn !== undefined ? [cluster.eks.roleArn] : []),
  eksOf: describeEksEntrance,
  load: async () => (await import('./collect.ts')).createTekton,
});

function collectResultsSecrets(results: TektonConfig['results']): readonly SecretRef[] {
  return [results?.token, results?.ca].filter((ref) => ref !== undefined);
}

function collectClusterSecrets(cluster: TektonConfig['cluster']): readonly SecretRef[] {
  if ('eks' in cluster) return [];
  if ('kubeconfig' in cluster) return [cluster.kubeconfig];
  return [...(cluster.token === undefined ? [] : [cluster.token]), ...collectHttpSecrets(cluster)];
}
