/** Lets the function into EKS clusters, as far as AWS decides, and prints what the clusters decide. */
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import type { EksEntrance } from '../../lambda/sources/source.ts';
import { groupBy } from '../group-by.ts';
import { buildRightsManifest } from './eks-rights.ts';
import { allowAll } from './statements.ts';

/** What a cluster's administrator has to run once, for the function to be let in. */
export interface EksClusterAccess {
  readonly cluster: string;
  /** Maps the function's role to a group of the cluster. */
  readonly accessEntryCommand: string;
  /** Gives the group the rights that the sources need, and no others. */
  readonly rightsCommand: string;
}

/** Lets the function ask where the API servers are; entering them takes no right of IAM, but one of each cluster. */
export function connectEksClusters(
  role: iam.Role,
  entrances: readonly EksEntrance[],
  collector: string,
): readonly EksClusterAccess[] {
  const stack = Stack.of(role);
  // A role of another account asks with its own rights.
  const lookedUp = entrances.filter(({ isLookedUp, roleArn }) => isLookedUp && roleArn === undefined);
  if (lookedUp.length > 0) {
    const named = lookedUp.map(({ cluster, region = stack.region }) => {
      const arn = stack.formatArn({ service: 'eks', region, resource: 'cluster', resourceName: cluster });
      return [arn, { arn, name: cluster }] as const;
    });
    const resources = [...new Map(named).values()];
    allowAll(role, { sid: 'FindClusters', actions: ['eks:DescribeCluster'], resources });
  }
  // A role has one entry in a cluster, whatever the number of sources that read it, and however they name its Region.
  const clusters = groupBy(
    entrances,
    ({ cluster, region = stack.region, roleArn = '' }) => `${region}/${cluster}/${roleArn}`,
  );
  return [...clusters.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [describeAccess({ role, collector }, first, same)];
  });
}

/**
 * What the rights of this deployment are called in a cluster. Two deployments may read one cluster, and `kubectl apply`
 * of one must not replace the rights of the other, nor those that an administrator made by the README.
 */
function formatRightsNames(
  { region, roleArn }: Pick<EksEntrance, 'region' | 'roleArn'>,
  { role, collector }: Deployment,
): { readonly rights: string; readonly group: string } {
  const own = Stack.of(role).region;
  // A Region that is told may be that of a stack which does not know its own: one cluster then has two sets of rights.
  const elsewhere = region === undefined || region === own ? '' : `-${region}`;
  // Another role has rights of its own; of its ARN the account and the last part of its name tell it apart.
  const [, account = '', name = ''] = /::(\d+):.*?([^/]+)$/.exec(roleArn ?? '') ?? [];
  const other = roleArn === undefined ? '' : `-${account}-${name}`;
  const deployment = `${collector}-${own}`;
  return {
    rights: `ci-metrics-reader-${deployment}${elsewhere}${other}`,
    group: `ci-metrics-readers-${deployment}${other}`,
  };
}

interface Deployment {
  readonly role: iam.Role;
  /** Name of the collector. */
  readonly collector: string;
}

function describeAccess(
  deployment: Deployment,
  { cluster, region = Stack.of(deployment.role).region, roleArn }: EksEntrance,
  entrances: readonly EksEntrance[],
): EksClusterAccess {
  const rules = entrances.flatMap((entrance) => entrance.rules);
  const { rights, group } = formatRightsNames({ region, roleArn }, deployment);
  return {
    cluster,
    accessEntryCommand: [
      `aws eks create-access-entry --region ${region} --cluster-name ${cluster}`,
      `--principal-arn ${roleArn ?? deployment.role.roleArn} --kubernetes-groups ${group}`,
    ].join(' '),
    rightsCommand: `kubectl apply -f - <<'EOF'\n${JSON.stringify(buildRightsManifest(rules, { name: rights, group }))}\nEOF`,
  };
}
