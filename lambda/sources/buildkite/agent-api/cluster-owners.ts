/** Decides which token a cluster belongs to, so that no job counts twice. */
import type { Problem } from '../../../model/problem.ts';
import { unclustered } from '../queues/queue-names.ts';
import type { Snapshot } from './schema.ts';

export interface TokenSnapshot {
  /** The token's reference, for messages. */
  readonly token: string;
  readonly snapshot: Snapshot;
}

export interface OwnedSnapshot {
  readonly snapshot: Snapshot;
  /** Absent where another cluster has it: equal series would be published twice. */
  readonly scope: string | undefined;
}

/** A cluster belongs to one token, or each of its jobs would count twice; a scope belongs to one cluster. */
export interface ClusterOwners {
  /** In the order of the configuration. */
  claim(seen: readonly TokenSnapshot[]): {
    readonly claimed: readonly OwnedSnapshot[];
    readonly problems: readonly Problem[];
  };
}

/** @param where `buildkite/main` */
export function createClusterOwners(where: string): ClusterOwners {
  // Kept for the life of the process: a scope must not change hands because its owner failed once.
  const owners = new Map<string, string>();
  const makeProblem = (token: string, message: string): Problem => ({
    kind: 'configuration',
    where: `${where} (${token})`,
    message,
  });
  return {
    claim: (seen) => {
      const tokens = new Map<string, string>();
      const claimed: OwnedSnapshot[] = [];
      const problems: Problem[] = [];
      for (const { token, snapshot } of seen) {
        const name = describeCluster(snapshot);
        const scope = snapshot.cluster ?? unclustered;
        const first = tokens.get(name);
        if (first !== undefined) {
          problems.push(makeProblem(token, describeSecondToken(name, first)));
          continue;
        }
        tokens.set(name, token);
        const owner = owners.get(scope) ?? name;
        owners.set(scope, owner);
        if (owner !== name) problems.push(makeProblem(token, describeTakenScope(name, owner)));
        claimed.push({ snapshot, scope: owner === name ? scope : undefined });
      }
      return { claimed, problems };
    },
  };
}

/** One text for one cluster; a cluster that is called `unclustered` has another than the agents without one. */
function describeCluster({ org, cluster }: Snapshot): string {
  return cluster === undefined ? `the agents of ${org} without a cluster` : `the cluster "${cluster}" of ${org}`;
}

function describeSecondToken(name: string, first: string): string {
  return `reads ${name} a second time, as ${first} does, and is left out, and meanwhile CloudWatch gets no totals of the organization, which hold only for sources without a problem; remove one of the two tokens, or rename one of two clusters with the same name`;
}

function describeTakenScope(name: string, owner: string): string {
  return `${name} has the same scope as ${owner}, so its ci_ metrics are left out; move the token to a buildkite source of its own, or rename the cluster`;
}
