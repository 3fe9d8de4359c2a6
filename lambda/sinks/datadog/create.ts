/** Puts encoding and sending together, and says of every increase what became of it. */
import type { Deadline } from '../../runtime/deadline.ts';
import { redeliverParcels } from '../../series/delivery/redeliver.ts';
import { createRequestSize } from '../../series/delivery/request-size.ts';
import { buildDelivery } from '../../series/delivery/searched-delivery.ts';
import { sendSearching } from '../../series/delivery/send-searching.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import type { DatadogConfig } from './config.ts';
import { isAddedUp, type Point } from './encode/point.ts';
import { encodePoints, groupByKind, isStorableTime, type Rewritten } from './encode/encode-points.ts';
import { encodeRequest, type PointsRequest, splitRequests } from './encode/split-requests.ts';
import { maxParallelRequests, maxSearchRequests } from './limits.ts';
import { previewPoints } from './preview.ts';
import { packPoints, unpackPoints } from './send/parcels.ts';
import { examineWrite } from './send/examine-write.ts';
import { createPost } from './send/post.ts';
import { describeFindings, range, words } from './send/problems.ts';

/** There is no `pack`: Datadog takes the last hour only, and would refuse the history of an installation. */
export const createDatadog: CreateSink<DatadogConfig> = (config, ports) => {
  const { collector, intervalMs, clock, log } = ports;
  const { resources } = config;
  const settings = { config, collector, intervalMs };
  const where = `datadog/${config.name}`;

  // As many as fit into the limits, until a server finds that too large.
  const size = createRequestSize(Infinity);

  const send = async (points: Iterable<Point>, deadline: Deadline): Promise<Delivery> => {
    const sent = await sendSearching<Point, PointsRequest>({
      requests: splitRequests(points, resources),
      encode: (some) => encodeRequest(some, resources),
      post: createPost(config, ports, deadline),
      parallel: maxParallelRequests,
      maxSearches: maxSearchRequests,
      size,
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
      const delivery = await send(points, deadline);
      const found = rewritten();
      if (found !== undefined) logRewritten(found);
      const dropped = (delivery.dropped ?? 0) + lostIncreases();
      return { ...delivery, dropped, problems: [...describeFindings(findings(), where), ...delivery.problems] };
    },
    redeliver: (parcels, { deadline }) =>
      redeliverParcels(parcels, {
        where,
        unpack: unpackPoints,
        takes: { isInTime: ({ timeMs }) => isStorableTime(timeMs, clock()), range },
        send: (points) => send(groupByKind(points), deadline),
      }),
    examine: ({ deadline }) => examineWrite(config, ports, deadline),
    preview: (batch) => {
      const { points: priced } = encodePoints(batch, { ...settings, unchanged: 'include' });
      return previewPoints(encodePoints(batch, settings), { resources, where, priced });
    },
  };
};
