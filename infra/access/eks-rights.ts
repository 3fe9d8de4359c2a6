/** The rights of Kubernetes that sources need, as a manifest. */
import type { KubernetesRule } from '../../lambda/sources/source.ts';
import { groupBy } from '../group-by.ts';

const apiGroup = 'rbac.authorization.k8s.io';

export interface RightsNames {
  /** Of the roles and their bindings; what has that name in the cluster is replaced. */
  readonly name: string;
  readonly group: string;
}

/** Roles and bindings of one cluster that give a group what sources need, as one list that `kubectl apply` takes. */
export function buildRightsManifest(rules: readonly KubernetesRule[], names: RightsNames): object {
  const everywhere = rules.filter(({ namespace }) => namespace === undefined);
  const places = groupBy(
    rules.filter(({ namespace }) => namespace !== undefined),
    ({ namespace = '' }) => namespace,
  );
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      ...(everywhere.length === 0 ? [] : buildRoleAndBinding(undefined, everywhere, names)),
      ...[...places].flatMap(([namespace, own]) => buildRoleAndBinding(namespace, own, names)),
    ],
  };
}

/** A role and its binding, in a namespace or for the whole cluster. */
function buildRoleAndBinding(
  namespace: string | undefined,
  rules: readonly KubernetesRule[],
  { name, group }: RightsNames,
): readonly object[] {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const apiVersion = `${apiGroup}/v1`;
  return [
    { apiVersion, kind, metadata, rules: dedupeRules(rules) },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup, kind, name },
      subjects: [{ apiGroup, kind: 'Group', name: group }],
    },
  ];
}

/** Several sources of one cluster often need the same. */
function dedupeRules(rules: readonly KubernetesRule[]): readonly object[] {
  const own = rules.map(({ apiGroups, resources, resourceNames, verbs }) => ({
    apiGroups,
    resources,
    ...(resourceNames === undefined ? {} : { resourceNames }),
    verbs,
  }));
  return [...new Map(own.map((rule) => [JSON.stringify(rule), rule])).values()];
}
