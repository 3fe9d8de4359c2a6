/** Puts encoding and sending together, and says of every increase what became of it. */
import type { Deadline } from '../../runtime/deadline.ts';
import { redeliverParcels } from '../../series/delivery/redeliver.ts';
import { createRequestSize } from '../../series/delivery/request-size.ts';
import { buildDelivery } from '../../series/delivery/searched-delivery.ts';
import { joinSent, sendSearching } from '../../series/delivery/send-searching.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import type { NewRelicConfig } from './config.ts';
import { isAddedUp, type Item } from './encode/item.ts';
import { encodeItems } from './encode/encode-items.ts';
import { type Api, encodeRequest, type ItemsRequest, splitRequests } from './encode/split-requests.ts';
import { maxParallelRequests, maxSearchRequests } from './limits.ts';
import { previewItems } from './preview.ts';
import { isInTime, packItems, unpackPoints } from './send/parcels.ts';
import { createPost } from './send/post.ts';
import { createReceipts } from './send/receipts.ts';
import { describeFindings, range, words } from './send/problems.ts';

export const createNewRelic: CreateSink<NewRelicConfig> = (config, ports) => {
  const { collector, intervalMs, clock } = ports;
  const common = { collector, ...config.attributes };
  const settings = { config, common, intervalMs };
  const where = `new-relic/${config.name}`;
  const receipts = createReceipts(config.name, ports.log);

  // As many as fit into the limits, until a server finds that too large; each API has a size of its own.
  const sizes = { metrics: createRequestSize(Infinity), events: createRequestSize(Infinity) };

  const send = async (items: readonly Item[], deadline: Deadline): Promise<Delivery> => {
    const post = createPost(config, ports, { deadline, receipts });
    const groups = groupByApi(items);
    // Each on its own: a key that may not write events must not cost the metrics, nor the other way round.
    const sent = await Promise.all(
      apis.map((api) =>
        sendSearching<Item, ItemsRequest>({
          requests: splitRequests(groups[api] ?? [], common),
          encode: (some) => encodeRequest(some, common),
          post,
          parallel: maxParallelRequests,
          maxSearches: maxSearchRequests,
          size: sizes[api],
        }),
      ),
    );
    return buildDelivery(joinSent(sent), { ...words, isAddedUp, pack: packItems });
  };

  return {
    write: async (batch, { deadline }) => {
      const { items, findings, lostIncreases } = encodeItems(batch, settings);
      const delivery = await send(items, deadline);
      const dropped = (delivery.dropped ?? 0) + lostIncreases;
      return { ...delivery, dropped, problems: [...describeFindings(findings, where), ...delivery.problems] };
    },
    redeliver: (parcels, { deadline }) =>
      redeliverParcels(parcels, {
        where,
        unpack: unpackPoints,
        takes: { isInTime: (point) => isInTime(point, clock()), range },
        send: (points) => send(points, deadline),
      }),
    pack: (batch) => packItems(encodeItems(batch, settings).items),
    preview: (batch) => previewItems(encodeItems(batch, settings), { common, intervalMs, where }),
  };
};

const apis: readonly Api[] = ['metrics', 'events'];

function groupByApi(items: readonly Item[]): Partial<Record<Api, readonly Item[]>> {
  return Object.groupBy(items, ({ kind }) => (kind === 'event' ? 'events' : 'metrics'));
}
