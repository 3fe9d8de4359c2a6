import { anyOf, selects } from '../../../config/glob.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import type { Collection, SourcePorts } from '../../source.ts';
import { createClaims, type Seen } from './cluster-owners.ts';
import { clusterReader, type ClusterReading, type ReadCluster } from './read-cluster.ts';
import { type BuildkiteConfig, hasTotals } from '../config.ts';
import { type HostedQueues, isHostedBy } from '../queues/hosted-queues.ts';
import { familiesOf, type Mapped, type MapOptions } from './map-queues.ts';
import type { Snapshot } from './schema.ts';

/** The agent API is outside the user limits, but nobody needs to be hit by all tokens at once. */
const clustersAtOnce = 4;

/** What the agent API gave. */
export interface AgentReading extends Omit<Collection, 'families'> {
  /** Given what is known of hosted queues, which have no agent figures, and for how many samples there is room. */
  readonly familiesWith: (hosted: HostedQueues, room: number | undefined) => Mapped;
  /** Slugs of the organizations that the tokens belong to. */
  readonly organizations: readonly string[];
  /** Queues with neutral metrics, as scope and queue. */
  readonly queues: readonly (readonly [scope: string, queue: string])[];
  /** Whether every token was answered, so that no queue of theirs is missing. */
  readonly isComplete: boolean;
}

/** Reads all clusters, each by its own token and each with its own failure. */
export function agentReader(
  config: BuildkiteConfig,
  ports: SourcePorts,
): (deadline: Deadline) => Promise<AgentReading> {
  const where = `buildkite/${config.name}`;
  const readers = (config.agentTokens ?? []).map((ref) => clusterReader(config, ref, ports));
  const options = mapOptions(config);
  const isNamedHosted = anyOf(config.hostedQueues ?? []);
  const claims = createClaims(where);
  return async (deadline) => {
    const { seen, problems } = sorted(await readAll(readers, deadline));
    const { claimed, problems: conflicts } = claims.take(seen);
    const readable = seen.flatMap(({ token, snapshot }) => unreadable(snapshot, `${where} (${token})`));
    return {
      familiesWith: (hosted, room) =>
        familiesOf(claimed, { ...options, room, isHosted: isHostedBy(hosted, isNamedHosted) }),
      problems: [...problems, ...conflicts, ...readable],
      isComplete: problems.length === 0,
      organizations: [...new Set(seen.map(({ snapshot }) => snapshot.org))],
      queues: claimed.flatMap(({ scope, snapshot }) =>
        scope === undefined ? [] : [...snapshot.queues.keys()].map((queue) => [scope, queue] as const),
      ),
    };
  };
}

/** Tokens that hang have their share of the time, and leave as much to each further round. */
function readAll(readers: readonly ReadCluster[], deadline: Deadline): Promise<readonly ClusterReading[]> {
  return mapConcurrently([...readers.entries()], clustersAtOnce, async ([index, read]) => {
    using own = deadline.slice(1 / Math.ceil((readers.length - index) / clustersAtOnce));
    return await read(own);
  });
}

function mapOptions(config: BuildkiteConfig): Omit<MapOptions, 'isHosted'> {
  const withCompat = hasTotals(config) ? 'queues-and-totals' : 'queues';
  return {
    source: config.name,
    isSelected: selects(config.queues ?? {}),
    compat: config.compat ? withCompat : 'none',
  };
}

function sorted(readings: readonly ClusterReading[]): { seen: readonly Seen[]; problems: readonly Problem[] } {
  const seen: Seen[] = [];
  const problems: Problem[] = [];
  for (const reading of readings) {
    if ('problem' in reading) problems.push(reading.problem);
    else seen.push(reading);
  }
  return { seen, problems };
}

/** More names than these do not help to find the cause. */
const maxNamed = 3;

function unreadable({ missing }: Snapshot, where: string): readonly Problem[] {
  if (missing.length === 0) return [];
  const more = missing.length - maxNamed;
  const named = [...missing.slice(0, maxNamed), ...(more > 0 ? [`${String(more)} more`] : [])].join(', ');
  const figures = missing.length === 1 ? '1 figure is' : `${String(missing.length)} figures are`;
  const message = `${figures} missing in the answer of the agent API or no number from 0, and left out (${named}); all others are published`;
  return [{ kind: 'bad-response', where, message }];
}
