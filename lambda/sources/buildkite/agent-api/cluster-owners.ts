import type { Problem } from '../../../model/problem.ts';
import { unclustered } from '../queues/queue-names.ts';
import type { Snapshot } from './schema.ts';

export interface Seen {
  /** The token's reference, for messages. */
  readonly token: string;
  readonly snapshot: Snapshot;
}

export interface Claimed {
  readonly snapshot: Snapshot;
  /** Absent where another cluster has it: equal series would be published twice. */
  readonly scope: string | undefined;
}

/** A cluster belongs to one token, or each of its jobs would count twice; a scope belongs to one cluster. */
export interface Claims {
  /** In the order of the configuration. */
  take(seen: readonly Seen[]): { readonly claimed: readonly Claimed[]; readonly problems: readonly Problem[] };
}

/** @param where `buildkite/main` */
export function createClaims(where: string): Claims {
  // Kept for the life of the process: a scope must not change hands because its owner failed once.
  const owners = new Map<string, string>();
  const problem = (token: string, message: string): Problem => ({
    kind: 'configuration',
    where: `${where} (${token})`,
    message,
  });
  return {
    take: (seen) => {
      const tokens = new Map<string, string>();
      const claimed: Claimed[] = [];
      const problems: Problem[] = [];
      for (const { token, snapshot } of seen) {
        const name = nameOf(snapshot);
        const scope = snapshot.cluster ?? unclustered;
        const first = tokens.get(name);
        if (first !== undefined) {
          problems.push(problem(token, sameCluster(name, first)));
          continue;
        }
        tokens.set(name, token);
        const owner = owners.get(scope) ?? name;
        owners.set(scope, owner);
        if (owner !== name) problems.push(problem(token, sameScope(name, owner)));
        claimed.push({ snapshot, scope: owner === name ? scope : undefined });
      }
      return { claimed, problems };
    },
  };
}

/** One text for one cluster; a cluster that is called `unclustered` has another than the agents without one. */
function nameOf({ org, cluster }: Snapshot): string {
  return cluster === undefined ? `the agents of ${org} without a cluster` : `the cluster "${cluster}" of ${org}`;
}

function sameCluster(name: string, first: string): string {
  return `reads ${name} a second time, as ${first} does, and is left out, and meanwhile CloudWatch gets no totals of the organization, which hold only for sources without a problem; remove one of the two tokens, or rename one of two clusters with the same name`;
}

function sameScope(name: string, owner: string): string {
  return `${name} has the same scope as ${owner}, so its ci_ metrics are left out; move the token to a buildkite source of its own, or rename the cluster`;
}
