/** Puts encoding and sending together, and says of every increase what became of it. */
import type { Deadline } from '../../lambda/runtime/deadline.ts';
import { buildDelivery } from '../../lambda/series/delivery/searched-delivery.ts';
import { sendSearching } from '../../lambda/series/delivery/send-searching.ts';
import type { CreateSink, Delivery } from '../../lambda/sinks/sink.ts';
import type { ExampleConfig } from './config.ts';
import { packPoints, unpackPoints } from './send/parcels.ts';
import { encodePoints, isAddedUp, type Point } from './encode/encode-points.ts';
import { encodeRequest, type PointsRequest, splitRequests } from './encode/split-requests.ts';
import { maxParallelRequests, maxSearchRequests } from './limits.ts';
import { previewPoints } from './preview.ts';
import { createPost } from './send/post.ts';
import { describeFindings, describeLate, words } from './send/problems.ts';

export const createExample: CreateSink<ExampleConfig> = (config, ports) => {
  const { collector, intervalMs } = ports;
  const settings = { config, collector };
  const where = `example/${config.name}`;

  const send = async (points: readonly Point[], deadline: Deadline): Promise<Delivery> => {
    const sent = await sendSearching<Point, PointsRequest>({
      requests: splitRequests(points),
      encode: encodeRequest,
      post: createPost(config, ports, deadline),
      parallel: maxParallelRequests,
      maxSearches: maxSearchRequests,
    });
    return buildDelivery(sent, { ...words, isAddedUp, pack: packPoints });
  };

  return {
    write: async (batch, { deadline }) => {
      const { points, findings, lostIncreases } = encodePoints(batch, settings);
      const delivery = await send(points, deadline);
      const dropped = (delivery.dropped ?? 0) + lostIncreases;
      return { ...delivery, dropped, problems: [...describeFindings(findings, where), ...delivery.problems] };
    },
    redeliver: async (parcels, { deadline }) => {
      const read = parcels.map((parcel) => ({ parcel, points: unpackPoints(parcel) }));
      const unreadable = read.filter(({ points }) => points === undefined);
      const delivery = await send(
        read.flatMap(({ points = [] }) => points),
        deadline,
      );
      const lost = unreadable.reduce((sum, { parcel }) => sum + parcel.samples, 0);
      const dropped = (delivery.dropped ?? 0) + lost;
      return { ...delivery, dropped, problems: [...describeLate(lost, where), ...delivery.problems] };
    },
    pack: (batch) => packPoints(encodePoints(batch, settings).points),
    preview: (batch) => previewPoints(encodePoints(batch, settings), { intervalMs, where }),
  };
};
