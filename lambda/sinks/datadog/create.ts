/** Puts encoding and sending together, and says of every increase what became of it. */
import type { Deadline } from '../../runtime/deadline.ts';
import type { Unsendable } from '../../series/losses/findings.ts';
import { buildDelivery } from '../../series/delivery/searched-delivery.ts';
import { sendSearching } from '../../series/delivery/send-searching.ts';
import type { CreateSink, Delivery, Parcel } from '../sink.ts';
import type { DatadogConfig } from './config.ts';
import { isAddedUp, type Point } from './encode/point.ts';
import { encodePoints, groupByKind, isStorableTime, type Rewritten } from './encode/encode-points.ts';
import { encodeRequest, type PointsRequest, splitRequests } from './encode/split-requests.ts';
import { maxParallelRequests, maxSearchRequests } from './limits.ts';
import { previewPoints } from './preview.ts';
import { packPoints, unpackPoints } from './send/parcels.ts';
import { createPost } from './send/post.ts';
import { describeFindings, describeLate, words } from './send/problems.ts';

/** There is no `pack`: Datadog takes the last hour only, and would refuse the history of an installation. */
export const createDatadog: CreateSink<DatadogConfig> = (config, ports) => {
  const { collector, intervalMs, clock, log } = ports;
  const { resources } = config;
  const settings = { config, collector, intervalMs };
  const where = `datadog/${config.name}`;

  const send = async (points: readonly Point[], deadline: Deadline): Promise<Delivery> => {
    const sent = await sendSearching<Point, PointsRequest>({
      requests: splitRequests(points, resources),
      encode: (some) => encodeRequest(some, resources),
      post: createPost(config, ports, deadline),
      parallel: maxParallelRequests,
      maxSearches: maxSearchRequests,
    });
    return buildDelivery(sent, { ...words, isAddedUp, pack: packPoints });
  };

  let isRewritingLogged = false;
  const logRewritten = ({ tags, example: [written, sent] }: Rewritten): void => {
    if (!isRewritingLogged) log.info('tags are sent as Datadog keeps them', { sink: config.name, tags, written, sent });
    isRewritingLogged = true;
  };

  return {
    write: async (batch, { deadline }) => {
      const { points, findings, lostIncreases, rewritten } = encodePoints(batch, settings);
      if (rewritten !== undefined) logRewritten(rewritten);
      const delivery = await send(points, deadline);
      const dropped = (delivery.dropped ?? 0) + lostIncreases;
      return { ...delivery, dropped, problems: [...describeFindings(findings, where), ...delivery.problems] };
    },
    redeliver: async (parcels, { deadline }) => {
      const { points, old, unreadable } = openParcels(parcels, clock());
      const delivery = await send(points, deadline);
      return {
        ...delivery,
        dropped: (delivery.dropped ?? 0) + old + unreadable,
        problems: [...describeLate({ old, unreadable }, where), ...delivery.problems],
      };
    },
    preview: (batch) => previewPoints(encodePoints(batch, settings), { resources, where }),
  };
};

interface Opened extends Unsendable {
  readonly points: readonly Point[];
}

function openParcels(parcels: readonly Parcel[], nowMs: number): Opened {
  const isInTime = ({ tickMs }: Parcel): boolean => isStorableTime(tickMs, nowMs);
  const read = parcels.filter(isInTime).map((parcel) => ({ parcel, points: unpackPoints(parcel) }));
  return {
    points: groupByKind(read.flatMap(({ points = [] }) => points)),
    old: countParcelSamples(parcels.filter((parcel) => !isInTime(parcel))),
    unreadable: countParcelSamples(read.filter(({ points }) => points === undefined).map(({ parcel }) => parcel)),
  };
}

function countParcelSamples(parcels: readonly Parcel[]): number {
  return parcels.reduce((sum, { samples }) => sum + samples, 0);
}
