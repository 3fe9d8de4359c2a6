/** Tests of examples/tekton: its manifests have the names that Tekton knows, and its rights are as small as they can be. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { vendorFacts } from '../../support/vendor-facts.ts';
import { findAll, listener, manifests, templates } from './listener.ts';

const { fields } = vendorFacts(
  'tekton/manifests.json',
  z.looseObject({ fields: z.record(z.string(), z.array(z.string())) }),
);

/** Names that an object has and Tekton does not know. */
function findUnknown(value: unknown, at: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => findUnknown(one, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [];
  const known = fields[at];
  return Object.entries(value).flatMap(([name, inside]) => [
    ...(known === undefined || known.includes(name) ? [] : [`${at}.${name}`]),
    ...findUnknown(inside, `${at}.${name}`),
  ]);
}

const account = (name: string): object => ({ kind: 'ServiceAccount', name, namespace: 'ci' });
const roleRef = (kind: string, name: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });

/** Rights of a role of these manifests. */
function rulesOf(kind: 'Role' | 'ClusterRole', name: string): unknown {
  return findAll(kind).find(({ metadata }) => metadata.name === name)?.['rules'];
}

describe('the manifests for Tekton', () => {
  it('have no name that Tekton does not know', () => {
    const started = templates.flatMap(({ spec }) => spec.resourcetemplates);
    const all = [...findAll('EventListener'), ...findAll('TriggerTemplate'), ...started];

    expect(all).toHaveLength(9);
    expect(all.flatMap((one) => findUnknown(one['spec'], `${one.kind}.spec`))).toEqual([]);
    expect(findUnknown({ timeouts: {}, timeout: 1 }, 'PipelineRun.spec')).toEqual(['PipelineRun.spec.timeout']);
  });

  it('stand in the namespace of the example, but for what a cluster has once', () => {
    const elsewhere = manifests.filter(({ metadata }) => metadata.namespace !== 'ci').map(({ kind }) => kind);

    expect(elsewhere).toEqual(['ClusterRole', 'ClusterRoleBinding']);
  });

  it('give each template exactly what it asks for', () => {
    for (const { name, bindings, template } of listener.spec.triggers) {
      const asked = templates.find(({ metadata }) => metadata.name === template.ref)?.spec.params ?? [];
      const given = bindings.map((binding) => binding.name);
      expect(asked.length, name).toBeGreaterThan(0);
      expect(
        given.filter((one) => !asked.some((param) => param.name === one)),
        name,
      ).toEqual([]);
      const missing = asked.filter((param) => param.default === undefined && !given.includes(param.name));
      expect(missing, name).toEqual([]);
    }
  });

  it('check the token first, in every trigger', () => {
    const firsts = listener.spec.triggers.map(({ interceptors: [{ params }] }) =>
      params[0]?.name === 'filter' ? params[0].value.split('&&')[0]?.trim() : undefined,
    );

    expect(new Set(firsts)).toEqual(
      new Set([
        "header.canonical('X-Ci-Metrics-Token').compareSecret('token', 'ci-alarm-token', 'ci')",
        "header.canonical('Authorization').compareSecret('authorization', 'ci-alarm-token', 'ci')",
      ]),
    );
  });

  it('label what an alarm starts', () => {
    for (const { metadata, spec } of templates)
      expect(spec.resourcetemplates[0].metadata.labels, metadata.name).toEqual({
        'ci-metrics-collector/started-by': 'alarm',
      });
  });

  it('put what comes from outside into the environment and never into a script', () => {
    for (const { metadata, spec } of templates)
      expect(spec.resourcetemplates[0].spec.taskSpec.steps[0].script, metadata.name).not.toContain('$(params.');
  });

  it('let the listener repair nothing, and what repairs no more than that', () => {
    const repairs = templates.map(({ spec }) => spec.resourcetemplates[0].spec.serviceAccountName);

    expect(listener.spec.serviceAccountName).toBe('ci-alarms');
    expect(new Set(repairs)).toEqual(new Set(['ci-repair']));
    expect(rulesOf('Role', 'ci-repair')).toEqual([
      { apiGroups: ['tekton.dev'], resources: ['pipelineruns'], verbs: ['get', 'list', 'create', 'patch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'delete'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list'] },
      { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get', 'update'] },
    ]);
  });

  it('let the listener start TaskRuns, and neither read a Secret nor act as another', () => {
    const looks = ['get', 'list', 'watch'];
    const watched = ['eventlisteners', 'triggers', 'triggerbindings', 'triggertemplates', 'interceptors'];
    const ofCluster = ['clustertriggerbindings', 'clusterinterceptors'];

    expect(rulesOf('Role', 'ci-alarms')).toEqual([
      { apiGroups: ['triggers.tekton.dev'], resources: watched, verbs: looks },
      { apiGroups: [''], resources: ['configmaps'], verbs: looks },
      { apiGroups: ['tekton.dev'], resources: ['taskruns'], verbs: ['create'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ]);
    expect(rulesOf('ClusterRole', 'ci-alarms')).toEqual([
      { apiGroups: ['triggers.tekton.dev'], resources: ofCluster, verbs: looks },
    ]);
  });

  it('give every account the roles of this folder alone, which hold no more than is written here', () => {
    const bindings = [...findAll('RoleBinding'), ...findAll('ClusterRoleBinding')];

    expect(
      bindings.map(({ kind, metadata, ...rest }) => [kind, metadata.name, rest['subjects'], rest['roleRef']]),
    ).toEqual([
      ['RoleBinding', 'ci-alarms', [account('ci-alarms')], roleRef('Role', 'ci-alarms')],
      ['RoleBinding', 'ci-repair', [account('ci-repair')], roleRef('Role', 'ci-repair')],
      ['ClusterRoleBinding', 'ci-alarms', [account('ci-alarms')], roleRef('ClusterRole', 'ci-alarms')],
    ]);
  });
});
