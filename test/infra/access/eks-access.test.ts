/** Tests of the access entries and permissions by which the function enters EKS clusters. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { arn, resolved } from '../intrinsics.ts';
import { functionStatements, isAllowed } from '../policies.ts';
import { configOf, synthesise, synthesiseVariant } from '../synthesis.ts';

const { template, stack } = synthesiseVariant('eks');
const { eksClusters } = stack.collector;

const Rules = z.array(
  z.object({
    apiGroups: z.array(z.string()),
    resources: z.array(z.string()),
    resourceNames: z.array(z.string()).optional(),
    verbs: z.array(z.string()),
  }),
);
const Item = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  rules: Rules.optional(),
  subjects: z.array(z.object({ kind: z.string(), name: z.string() })).optional(),
});

/** The objects that a command applies, by kind and namespace. */
function manifestOf(command: string): ReadonlyMap<string, z.infer<typeof Item>> {
  const [, json = ''] = /^kubectl apply -f - <<'EOF'\n(.+)\nEOF$/.exec(command) ?? [];
  const { items } = z.object({ items: z.array(Item) }).parse(JSON.parse(json));
  return new Map(items.map((item) => [`${item.kind} ${item.metadata.namespace ?? ''}`.trim(), item]));
}

/** What a manifest replaces, where it is there. */
function appliedBy(command: string): readonly string[] {
  return [...manifestOf(command)].map(([place, { metadata }]) => `${place} ${metadata.name}`);
}

/** The objects that are made by hand. */
function appliedByReadme(): readonly string[] {
  const readme = readFileSync(join(import.meta.dirname, '../../../lambda/sources/tekton/README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```yaml\n(.+?)```/gs)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => parseAllDocuments(text).map((document) => z.unknown().parse(document.toJS())))
    .flatMap((document) => {
      const { data } = Item.safeParse(document);
      if (data === undefined || !/Role/.test(data.kind)) return [];
      const { kind, metadata } = data;
      return [`${kind} ${metadata.namespace ?? ''} ${metadata.name}`.replace('  ', ' ')];
    });
}

describe('the function and the EKS clusters of its sources', () => {
  it.each([
    ['eu-west-1', 'ci-cluster', 'DescribeCluster', true],
    ['eu-west-1', 'ci-cluster', 'DeleteCluster', false],
    ['eu-west-1', 'ci-cluster-2', 'DescribeCluster', false],
    ['us-east-1', 'ci-cluster', 'DescribeCluster', false],
    // Its endpoint is configured, so nothing is asked.
    ['eu-west-1', 'other', 'DescribeCluster', false],
  ])('in %s, of %s: eks:%s is %s', async (region, cluster, action, expected) => {
    const resource = arn('eks', `cluster/${cluster}`).replace(/:eks:[^:]*:/, `:eks:${region}:`);

    expect(await isAllowed(functionStatements(template), { action: `eks:${action}`, resource })).toBe(expected);
  });

  it('are none where no source enters one', () => {
    const plain = synthesiseVariant('minimal');

    expect(plain.stack.collector.eksClusters).toEqual([]);
    expect(Object.keys(plain.template.findOutputs('*'))).not.toContain('EnterCluster1');
  });

  it('have one access entry each, however many sources read them', () => {
    expect(eksClusters.map(({ cluster }) => cluster)).toEqual(['ci-cluster', 'other']);
    expect(Object.keys(template.findOutputs('*')).filter((name) => /Cluster/.test(name))).toEqual([
      'EnterCluster1',
      'ClusterRights1',
      'EnterCluster2',
      'ClusterRights2',
    ]);
    const [first, second] = eksClusters.map(({ accessEntryCommand }) =>
      JSON.stringify(stack.resolve(accessEntryCommand)),
    );
    expect(first).toContain('--region eu-west-1 --cluster-name ci-cluster --principal-arn ');
    expect(first).toContain(' --kubernetes-groups ci-metrics-readers');
    // The Region of the stack, where the source names none.
    expect(second).toContain('"Ref":"AWS::Region"');
  });

  it('give the group what all sources of the cluster need together', () => {
    const objects = manifestOf(eksClusters[0]?.rightsCommand ?? '');

    expect([...objects.keys()]).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'Role tekton-pipelines',
      'RoleBinding tekton-pipelines',
    ]);
    expect(objects.get('ClusterRole')?.rules).toEqual([
      { apiGroups: ['tekton.dev'], resources: ['pipelineruns', 'taskruns'], verbs: ['list', 'get', 'watch'] },
    ]);
    expect(objects.get('Role tekton-pipelines')?.rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods/proxy'], verbs: ['get'] },
    ]);
    const group = `ci-metrics-readers-clusters-${stack.region}`;
    expect(objects.get('ClusterRoleBinding')?.subjects).toEqual([{ kind: 'Group', name: group }]);
    expect(eksClusters[0]?.accessEntryCommand).toContain(` --kubernetes-groups ${group}`);
  });

  it('give no more than the settings ask for: namespaces, kinds, verbs and the proxy of one Service', () => {
    const objects = manifestOf(eksClusters[1]?.rightsCommand ?? '');

    const list = { apiGroups: ['tekton.dev'], resources: ['pipelineruns'], verbs: ['list', 'watch'] };
    expect([...objects].flatMap(([name, { rules }]) => (rules === undefined ? [] : [[name, rules]]))).toEqual([
      ['Role team-a', [list]],
      ['Role team-b', [list]],
      [
        'Role tekton-pipelines',
        [
          {
            apiGroups: [''],
            resources: ['services/proxy'],
            resourceNames: ['http:tekton-pipelines-controller:9090'],
            verbs: ['get'],
          },
        ],
      ],
    ]);
  });

  it('take nothing from what another deployment, another Region or the README applies', () => {
    const config = configOf('eks');
    const ireland = { env: { region: 'eu-west-1' } };
    const deployments = [
      synthesise(config, ireland),
      synthesise({ ...config, collector: 'other' }, ireland),
      synthesise(config, { env: { region: 'us-east-1' } }),
    ];

    const applied = [
      ...deployments.map(({ stack: { collector } }) => appliedBy(collector.eksClusters[0]?.rightsCommand ?? '')),
      appliedByReadme(),
    ];

    expect(applied.every((names) => names.length > 0)).toBe(true);
    const all = applied.flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it('are one where its Region is told by one source and left to the stack by another', () => {
    const eksConfig = configOf('eks');
    const untold = { kind: 'tekton', name: 'untold', cluster: { eks: { name: 'ci-cluster' } } };
    const sources = [...eksConfig.sources, untold];

    const known = synthesise({ ...eksConfig, sources }, { env: { region: 'eu-west-1' } });
    const unknown = synthesise({ ...eksConfig, sources });

    expect(known.stack.collector.eksClusters.map(({ cluster }) => cluster)).toEqual(['ci-cluster', 'other']);
    // Where the stack does not know its own Region they may be two clusters: neither set of rights replaces the other.
    const [told, left] = unknown.stack.collector.eksClusters.map(({ rightsCommand }) => appliedBy(rightsCommand));
    expect(told?.filter((object) => left?.includes(object))).toEqual([]);
  });

  it('have rights of their own for each role that enters them', () => {
    const eksConfig = configOf('eks');
    const sourceOf = (name: string, account: string) => ({
      kind: 'tekton',
      name,
      cluster: { eks: { name: 'ci-cluster', region: 'eu-west-1', roleArn: `arn:aws:iam::${account}:role/ci/reader` } },
    });
    const sources = [sourceOf('one', '111122223333'), sourceOf('two', '444455556666')];

    const { eksClusters: clusters } = synthesise({ ...eksConfig, sources }).stack.collector;

    const [one, two] = clusters.map(({ rightsCommand }) => appliedBy(rightsCommand));
    expect(one?.length).toBeGreaterThan(0);
    expect(one?.filter((object) => two?.includes(object))).toEqual([]);
    const groups = clusters.map(({ accessEntryCommand }) => accessEntryCommand.split(' ').at(-1) ?? '');
    expect(groups.map((group) => /-(\d{12}-reader)$/.exec(group)?.[1])).toEqual([
      '111122223333-reader',
      '444455556666-reader',
    ]);
  });

  it('are reached on port 443, and only from the function', () => {
    const rules = resolved(template, 'AWS::EC2::SecurityGroupIngress').map(({ properties }) => properties);

    expect(rules).toMatchObject([{ GroupId: 'sg-0123456789abcdef1', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }]);
    expect(Object.keys(rules[0] ?? {})).toContain('SourceSecurityGroupId');
    expect(resolved(template, 'AWS::EC2::SecurityGroup')).toHaveLength(1);
  });

  it('are reached from the groups that the function has, where it has its own', () => {
    const config = configOf('eks');
    const { vpc } = config.deployment;
    if (vpc === undefined) throw new Error('the variant has a VPC');
    const own = { ...vpc, securityGroupIds: ['sg-0123456789abcdef0'] };

    const other = synthesise({ ...config, deployment: { ...config.deployment, vpc: own } });

    other.template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: 'sg-0123456789abcdef1',
      SourceSecurityGroupId: 'sg-0123456789abcdef0',
    });
  });
});
