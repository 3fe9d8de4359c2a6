/** Remembers the queues of a cluster while they are idle. */
import type { Snapshot } from './schema.ts';

/** An idle queue vanishes from the answer; after this many polls without it, it is taken to be deleted. */
const pollsUntilForgotten = 3;

/** Adds the queues that are known but idle to an answer, without figures; gaps would starve alarms of data. */
export type CompleteQueues = (snapshot: Snapshot) => Snapshot;

/** Queues that the configuration names. */
export interface NamedQueues {
  readonly names: readonly string[];
  /** Whether they are in the token's cluster for certain; of several clusters, only in those that have shown them. */
  readonly are: 'here' | 'here once seen';
}

/** Remembers the queues of one token's cluster across warm runs; those that the configuration names for ever. */
export function rememberQueues({ names, are }: NamedQueues): CompleteQueues {
  const named = new Set(names);
  const first = are === 'here' ? names : [];
  let missedPolls = new Map<string, number>();
  let cluster: string | undefined;
  return (snapshot) => {
    const key = JSON.stringify([snapshot.org, snapshot.cluster]);
    // A secret may get the token of another cluster, which knows nothing of the queues of the one before.
    const before = key === cluster ? missedPolls : new Map(first.map((queue) => [queue, 0]));
    cluster = key;
    missedPolls = countMissedPolls(before, snapshot, named);
    const idle = [...missedPolls.keys()].filter((queue) => !snapshot.queues.has(queue));
    return { ...snapshot, queues: new Map([...snapshot.queues, ...idle.map((queue) => [queue, {}] as const)]) };
  };
}

function countMissedPolls(
  before: ReadonlyMap<string, number>,
  { queues }: Snapshot,
  named: ReadonlySet<string>,
): Map<string, number> {
  const counted = [...before]
    .map(([queue, missed]) => [queue, missed + 1] as const)
    .filter(([queue, missed]) => missed <= pollsUntilForgotten || named.has(queue));
  const present = [...queues.keys()].map((queue) => [queue, 0] as const);
  return new Map([...counted, ...present]);
}
