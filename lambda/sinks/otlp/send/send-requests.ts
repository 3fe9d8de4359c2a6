/** Sends the requests of one delivery, and adds up what became of them. */
import type { Deadline } from '../../../runtime/deadline.ts';
import { deliver } from '../../../series/delivery/deliver.ts';
import type { Settled, Reception } from '../../../series/delivery/reception.ts';
import type { Delivery } from '../../sink.ts';
import { isAddedUp, type Point } from '../encode/points/point.ts';
import type { Omission } from '../encode/points/encode-points.ts';
import type { EncodedRequest } from '../encode/split-requests.ts';
import type { Setup } from '../setup.ts';
import { judge, type JudgePorts } from './judge.ts';
import { packPoints } from './parcels.ts';
import { createPost, type MeteredPost } from './post.ts';
import { describeDelivery, describeOmissions } from './problems.ts';
import { startTally, type Tally } from './tally.ts';

export interface Observer {
  readonly note: (settled: Settled<Point>) => void;
}

export interface Sent {
  readonly tally: Tally;
  readonly traffic: MeteredPost['traffic'];
}

/**
 * Never rejects for what can be expected of a network. `requestsUntil` gets a function that
 * says when nothing of what it makes will be sent.
 */
export async function sendRequests(
  setup: Setup,
  requestsUntil: (isOver: () => boolean) => Iterator<EncodedRequest>,
  { deadline, observers }: { readonly deadline: Deadline; readonly observers: readonly Observer[] },
): Promise<Sent> {
  const { config, target, ports } = setup;
  const { post, traffic } = createPost({ config, target, ports, tokens: setup.tokens?.metrics }, deadline);
  const counting = startTally(target.temporality);
  const judging = buildJudgePorts(setup);
  let isLost = false;
  const send = async ({ points, body }: EncodedRequest): Promise<Reception> => {
    const [first] = points;
    const countsTwice = first !== undefined && isAddedUp(first.family, target.temporality);
    return await judge(points.length, post(body, countsTwice ? 'count twice' : 'harmless'), judging);
  };
  await deliver({
    pieces: requestsUntil(() => isLost || deadline.signal.aborted),
    samplesIn: ({ points }) => points,
    send,
    note: (settled: Settled<Point>) => {
      isLost ||= settled.reception.outcome === 'undelivered';
      for (const observer of [counting, ...observers]) observer.note(settled);
    },
    signal: deadline.signal,
    parallel: config.parallelRequests,
  });
  return { tally: counting.tally(), traffic };
}

export function buildJudgePorts({ config, ports: { http, log, notices = log }, where }: Setup): JudgePorts {
  return {
    where,
    withoutSecrets: (text) => http.withoutSecrets(text),
    onHint: (message) => {
      notices.warn('the receiver stored everything and says something', { sink: config.name, message });
    },
  };
}

/** `tickMs`: of increases that have no time of their own. */
export function buildDelivery(
  { target, where }: Setup,
  { tally, traffic }: Sent,
  { omissions, tickMs }: { readonly omissions: readonly Omission[]; readonly tickMs: number },
): Delivery {
  const { accepted, undelivered, unconfirmed, dropped } = tally;
  const problems = [...describeOmissions(omissions, where), ...describeDelivery(tally, where)];
  const delivery = { accepted, ...traffic, problems };
  if (target.temporality === 'cumulative') return delivery;
  const leftOut = omissions.reduce((sum, { increases }) => sum + increases, 0);
  return { ...delivery, undelivered: packPoints(undelivered, tickMs), unconfirmed, dropped: dropped + leftOut };
}
