/** Puts encoding and sending together, and says of every increase what became of it. */
import type { Deadline } from '../../lambda/runtime/deadline.ts';
import { redeliverParcels } from '../../lambda/series/delivery/redeliver.ts';
import { createRequestSize } from '../../lambda/series/delivery/request-size.ts';
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
import { describeFindings, words } from './send/problems.ts';

export const createExample: CreateSink<ExampleConfig> = (config, ports) => {
  const { collector, intervalMs } = ports;
  const settings = { config, collector };
  const where = `example/${config.name}`;

  // As many as fit into the limits, until a server finds that too large.
  const size = createRequestSize(Infinity);

  const send = async (points: readonly Point[], deadline: Deadline): Promise<Delivery> => {
    const sent = await sendSearching<Point, PointsRequest>({
      requests: splitRequests(points),
      encode: encodeRequest,
      post: createPost(config, ports, deadline),
      parallel: maxParallelRequests,
      maxSearches: maxSearchRequests,
      size,
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
    redeliver: (parcels, { deadline }) =>
      redeliverParcels(parcels, { where, unpack: unpackPoints, send: (points) => send(points, deadline) }),
    pack: (batch) => packPoints(encodePoints(batch, settings).points),
    preview: (batch) => previewPoints(encodePoints(batch, settings), { intervalMs, where }),
  };
};
