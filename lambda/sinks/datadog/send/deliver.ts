/** Sends all requests of a delivery side by side, and finds the points for which the backend refuses a request. */
import type { Problem } from '../../../model/problem.ts';
import type { Point } from '../encode/point.ts';
import { encodeRequest, type PointsRequest, type Resources } from '../encode/requests.ts';
import { maxParallelRequests, maxSearchRequests } from '../limits.ts';
import type { Fate, Post } from './post.ts';

/** Points that were not stored, or of which nobody knows. */
export interface Loss {
  readonly points: readonly Point[];
  readonly outcome: Exclude<Fate['outcome'], 'stored'>;
  readonly problem: Problem;
}

export interface Sent {
  readonly accepted: number;
  readonly requests: number;
  readonly bytes: number;
  readonly losses: readonly Loss[];
}

interface Tally {
  accepted: number;
  requests: number;
  bytes: number;
  readonly losses: Loss[];
}

/**
 * What one request loses, the others do not. Only after one that could not be delivered at all no other is begun: the
 * server would not take them either, and what was not sent can be sent by the next run.
 */
export async function deliver(requests: Iterator<PointsRequest>, post: Post, resources: Resources): Promise<Sent> {
  const sent: Tally = { accepted: 0, requests: 0, bytes: 0, losses: [] };
  let searchesLeft = maxSearchRequests;
  let stopped: Problem | undefined;

  const send = async (request: PointsRequest): Promise<void> => {
    if (stopped !== undefined) {
      sent.losses.push({ points: request.points, outcome: 'not taken', problem: stopped });
      return;
    }
    sent.requests += 1;
    sent.bytes += request.body.byteLength;
    const fate = await post(request);
    if (fate.outcome === 'stored') sent.accepted += request.points.length;
    else if (fate.outcome === 'refused' && request.points.length > 1) await search(request.points, fate.problem);
    else {
      if (fate.outcome === 'not taken') stopped ??= fate.problem;
      sent.losses.push({ points: request.points, ...fate });
    }
  };

  /** Nothing of a refused request was stored, so its halves can be sent again, down to the bad point. */
  const search = async (points: readonly Point[], problem: Problem): Promise<void> => {
    searchesLeft -= 2;
    if (searchesLeft < 0) {
      sent.losses.push({ points, outcome: 'not taken', problem });
      return;
    }
    const middle = Math.ceil(points.length / 2);
    await send(encodeRequest(points.slice(0, middle), resources));
    await send(encodeRequest(points.slice(middle), resources));
  };

  const worker = async (): Promise<void> => {
    for (let next = requests.next(); next.done !== true; next = requests.next()) await send(next.value);
  };
  await Promise.all(Array.from({ length: maxParallelRequests }, worker));
  return sent;
}
