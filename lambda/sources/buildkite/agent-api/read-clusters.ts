/** Reads all clusters through the agent API, each with its own token. */
import { matchAny, matchSelection } from '../../../settings/glob.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapWithinDeadline } from '../../../runtime/map-within-deadline.ts';
import type { Collection, SourcePorts } from '../../source.ts';
import { createClusterOwners, type TokenSnapshot } from './cluster-owners.ts';
import { createClusterReader, type ClusterReading } from './read-cluster.ts';
import { type BuildkiteConfig, hasTotals } from '../config.ts';
import { type HostedQueues, createHostedCheck } from '../queues/hosted-queues.ts';
import type { QueueId } from '../queues/queue-id.ts';
import { mapClusters, type MappedClusters, type MapOptions } from './map-queues.ts';
import type { Snapshot } from './schema.ts';

/** The agent API has no limit for users, but it need not get the requests of all tokens at once. */
const clustersAtOnce = 4;

/** What the agent API gave. */
export interface AgentReading extends Omit<Collection, 'families'> {
  /** Given what is known of hosted queues, which have no agent figures, and for how many samples there is room. */
  readonly mapFamilies: (hosted: HostedQueues, room: number | undefined) => MappedClusters;
  /** Slugs of the organizations that the tokens belong to. */
  readonly organizations: readonly string[];
  /** Queues with neutral metrics. */
  readonly queueIds: readonly QueueId[];
  /** Whether every token was answered, so that no queue of theirs is missing. */
  readonly isComplete: boolean;
}

/** Makes the reader of all clusters; a token that fails costs only its own cluster. */
export function createAgentReader(
  config: BuildkiteConfig,
  ports: SourcePorts,
): (deadline: Deadline) => Promise<AgentReading> {
  const where = `buildkite/${config.name}`;
  const readers = (config.agentTokens ?? []).map((ref) => createClusterReader(config, ref, ports));
  const options = buildMapOptions(config);
  const isNamedHosted = matchAny(config.hostedQueues ?? []);
  const owners = createClusterOwners(where);
  return async (deadline) => {
    const { seen, problems } = splitReadings(
      await mapWithinDeadline(readers, { deadline, limit: clustersAtOnce }, (read, own) => read(own)),
    );
    const { claimed, problems: conflicts } = owners.claim(seen);
    const readable = seen.flatMap(({ token, snapshot }) => describeMissingFigures(snapshot, `${where} (${token})`));
    return {
      mapFamilies: (hosted, room) =>
        mapClusters(claimed, { ...options, room, isHosted: createHostedCheck(hosted, isNamedHosted) }),
      problems: [...problems, ...conflicts, ...readable],
      isComplete: problems.length === 0,
      organizations: [...new Set(seen.map(({ snapshot }) => snapshot.org))],
      queueIds: claimed.flatMap(({ scope, snapshot }) =>
        scope === undefined ? [] : [...snapshot.queues.keys()].map((queue) => ({ scope, queue })),
      ),
    };
  };
}

function buildMapOptions(config: BuildkiteConfig): Omit<MapOptions, 'isHosted'> {
  const withCompat = hasTotals(config) ? 'queues-and-totals' : 'queues';
  return {
    source: config.name,
    isSelected: matchSelection(config.queues ?? {}),
    compat: config.compat ? withCompat : 'none',
  };
}

function splitReadings(readings: readonly ClusterReading[]): {
  seen: readonly TokenSnapshot[];
  problems: readonly Problem[];
} {
  const seen: TokenSnapshot[] = [];
  const problems: Problem[] = [];
  for (const reading of readings) {
    if ('problem' in reading) problems.push(reading.problem);
    else seen.push(reading);
  }
  return { seen, problems };
}

/** More names than these do not help to find the cause. */
const maxNamed = 3;

function describeMissingFigures({ missing }: Snapshot, where: string): readonly Problem[] {
  if (missing.length === 0) return [];
  const more = missing.length - maxNamed;
  const named = [...missing.slice(0, maxNamed), ...(more > 0 ? [`${String(more)} more`] : [])].join(', ');
  const figures = missing.length === 1 ? '1 figure is' : `${String(missing.length)} figures are`;
  const message = `${figures} missing in the answer of the agent API or no number from 0, and left out (${named}); all others are published`;
  return [{ kind: 'bad-response', where, message }];
}
