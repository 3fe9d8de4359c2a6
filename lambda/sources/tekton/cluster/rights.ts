/** The rights in the cluster that a configuration needs, for the access entry that the stack makes. */
import type { EksEntrance, KubernetesRule } from '../../source.ts';
import type { TektonConfig } from '../config.ts';

/** What the cluster has to let the source do; undefined where it does not enter by the function's role. */
export function describeEksEntrance({ cluster, ...config }: TektonConfig): EksEntrance | undefined {
  if (!('eks' in cluster)) return undefined;
  const { name, region, endpoint, roleArn } = cluster.eks;
  return { cluster: name, region, isLookedUp: endpoint === undefined, roleArn, rules: buildRules(config) };
}

function buildRules({
  namespaces,
  controllerMetrics,
  results,
  ...config
}: Omit<TektonConfig, 'cluster'>): readonly KubernetesRule[] {
  const resources = config.taskRuns === 'read' ? ['pipelineruns', 'taskruns'] : ['pipelineruns'];
  // What has changed in a cluster that no run can read whole is asked for by a watch.
  const verbs = config.details === 'read' ? ['list', 'get', 'watch'] : ['list', 'watch'];
  const runs = { apiGroups: ['tekton.dev'], resources, verbs };
  const records = { apiGroups: ['results.tekton.dev'], resources: ['records'], verbs: ['list'] };
  // With a token of its own, Tekton Results is read as another user.
  const own = results === undefined || results.token !== undefined ? [runs] : [runs, records];
  return [
    ...(namespaces === undefined
      ? own
      : namespaces.flatMap((namespace) => own.map((rule) => ({ ...rule, namespace })))),
    ...(controllerMetrics === undefined ? [] : buildControllerRules(controllerMetrics)),
  ];
}

/** A proxy leads to any port, so the Service is held to its name and port; the names of pods are not known before. */
function buildControllerRules({
  namespace,
  through,
  service,
  port,
}: NonNullable<TektonConfig['controllerMetrics']>): readonly KubernetesRule[] {
  const core = { namespace, apiGroups: [''] };
  if (through === 'pods') {
    return [
      { ...core, resources: ['pods'], verbs: ['list'] },
      { ...core, resources: ['pods/proxy'], verbs: ['get'] },
    ];
  }
  const resourceNames = [`http:${service}:${String(port)}`];
  return [{ ...core, resources: ['services/proxy'], resourceNames, verbs: ['get'] }];
}
