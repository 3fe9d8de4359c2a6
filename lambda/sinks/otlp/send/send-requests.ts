/** Sends the requests of one delivery, and adds up what became of them. */
import type { Deadline } from '../../../runtime/deadline.ts';
import { deliver } from '../../../series/deliver.ts';
import { NotBegunError } from '../../../series/fate.ts';
import type { Settled, Verdict } from '../../../series/reception.ts';
import type { Delivery } from '../../sink.ts';
import { isAddedUp, type Point } from '../encode/points/point.ts';
import type { Omission } from '../encode/points/encode-points.ts';
import type { EncodedRequest } from '../encode/split-requests.ts';
import type { Setup } from '../setup.ts';
import { judge, type JudgePorts } from './judge.ts';
import { parcelsOf } from './parcels.ts';
import { createPost, type MeteredPost } from './post.ts';
import { problemsOfDelivery, problemsOfOmissions } from './problems.ts';
import { createCounting, type Tally } from './tally.ts';

export interface Observer {
  readonly note: (settled: Settled<Point>) => void;
}

export interface Sent {
  readonly tally: Tally;
  readonly traffic: MeteredPost['traffic'];
}

/**
 * Never rejects for what can be expected of a network. `requestsUntil` is told how to find out that none of what it makes
 * will be sent.
 */
export async function sendRequests(
  setup: Setup,
  requestsUntil: (isOver: () => boolean) => Iterator<EncodedRequest>,
  { deadline, observers }: { readonly deadline: Deadline; readonly observers: readonly Observer[] },
): Promise<Sent> {
  const { config, target, ports } = setup;
  const { post, traffic } = createPost({ config, target, ports, tokens: setup.tokens?.metrics }, deadline);
  const counting = createCounting(target.temporality);
  const judging = judgePorts(setup);
  let isLost = false;
  const send = async ({ points, body }: EncodedRequest): Promise<Verdict> => {
    if (deadline.signal.aborted) return { outcome: 'undelivered', error: new NotBegunError() };
    const [first] = points;
    const countsTwice = first !== undefined && isAddedUp(first.family, target.temporality);
    return await judge(points.length, post(body, countsTwice ? 'count twice' : 'harmless'), judging);
  };
  await deliver({
    pieces: requestsUntil(() => isLost || deadline.signal.aborted),
    samplesOf: ({ points }) => points,
    send,
    note: (settled: Settled<Point>) => {
      isLost ||= settled.verdict.outcome === 'undelivered';
      for (const observer of [counting, ...observers]) observer.note(settled);
    },
    parallel: config.parallelRequests,
  });
  return { tally: counting.tally(), traffic };
}

export function judgePorts({ config, ports: { http, log }, where }: Setup): JudgePorts {
  return {
    where,
    withoutSecrets: (text) => http.withoutSecrets(text),
    onHint: (message) => {
      log.warn('the receiver stored everything and says something', { sink: config.name, message });
    },
  };
}

/** `tickMs`: of increases that have no time of their own. */
export function deliveryOf(
  { target, where }: Setup,
  { tally, traffic }: Sent,
  { omissions, tickMs }: { readonly omissions: readonly Omission[]; readonly tickMs: number },
): Delivery {
  const { accepted, undelivered, unconfirmed, dropped } = tally;
  const problems = [...problemsOfOmissions(omissions, where), ...problemsOfDelivery(tally, where)];
  const delivery = { accepted, ...traffic, problems };
  if (target.temporality === 'cumulative') return delivery;
  const leftOut = omissions.reduce((sum, { increases }) => sum + increases, 0);
  return { ...delivery, undelivered: parcelsOf(undelivered, tickMs), unconfirmed, dropped: dropped + leftOut };
}
