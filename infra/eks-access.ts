import * as iam from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import type { EksEntrance } from '../lambda/sources/source.ts';
import { rightsManifest } from './eks-rights.ts';

/** What a cluster's administrator has to run once, for the function to be let in. */
export interface EksClusterAccess {
  readonly cluster: string;
  /** Maps the function's role to a group of the cluster. */
  readonly accessEntryCommand: string;
  /** Gives the group the rights that the sources need, and no others. */
  readonly rightsCommand: string;
}

/** The group of the role in every cluster. */
const group = 'ci-metrics-readers';

/** Lets the function ask where the API servers are; entering them takes no right of IAM, but one of each cluster. */
export function connectEksClusters(role: iam.Role, entrances: readonly EksEntrance[]): readonly EksClusterAccess[] {
  const stack = Stack.of(role);
  // A role of another account asks with its own rights.
  const lookedUp = entrances.filter(({ isLookedUp, roleArn }) => isLookedUp && roleArn === undefined);
  if (lookedUp.length > 0) {
    const arns = lookedUp.map(({ cluster, region = stack.region }) =>
      stack.formatArn({ service: 'eks', region, resource: 'cluster', resourceName: cluster }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'FindClusters',
        actions: ['eks:DescribeCluster'],
        resources: [...new Set(arns)],
      }),
    );
  }
  // A role has one entry in a cluster, whatever the number of sources that read it.
  const clusters = Map.groupBy(
    entrances,
    ({ cluster, region = '', roleArn = '' }) => `${region}/${cluster}/${roleArn}`,
  );
  return [...clusters.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [accessOf(first, same, role)];
  });
}

function accessOf(
  { cluster, region, roleArn }: EksEntrance,
  entrances: readonly EksEntrance[],
  role: iam.Role,
): EksClusterAccess {
  const rules = entrances.flatMap((entrance) => entrance.rules);
  return {
    cluster,
    accessEntryCommand: [
      `aws eks create-access-entry --region ${region ?? Stack.of(role).region} --cluster-name ${cluster}`,
      `--principal-arn ${roleArn ?? role.roleArn} --kubernetes-groups ${group}`,
    ].join(' '),
    rightsCommand: `kubectl apply -f - <<'EOF'\n${JSON.stringify(rightsManifest(rules, group))}\nEOF`,
  };
}
