/** Sends increases of earlier runs again, each under its own time. */
import type { Deadline } from '../../../runtime/deadline.ts';
import { splitChunks } from '../../../model/lists/split-chunks.ts';
import { redeliverParcels } from '../../../series/delivery/redeliver.ts';
import type { RequestSize } from '../../../series/delivery/request-size.ts';
import type { Delivery, Parcel } from '../../sink.ts';
import type { Point } from '../encode/points/point.ts';
import { type EncodedRequest, splitRequests } from '../encode/split-requests.ts';
import type { Setup } from '../setup.ts';
import { unpackPoints, sortByMetric } from './parcels.ts';
import { buildDelivery, sendRequests } from './send-requests.ts';
import { hourMs } from '../../../model/time.ts';

interface Resending {
  readonly size: RequestSize;
  readonly deadline: Deadline;
}

export async function redeliver(setup: Setup, parcels: readonly Parcel[], resending: Resending): Promise<Delivery> {
  const { ports, target, where } = setup;
  const { maxAgeMs = Infinity } = target.limits;
  return await redeliverParcels(parcels, {
    where,
    unpack: unpackPoints,
    takes: {
      isInTime: (_point, tickMs) => ports.clock() - tickMs <= maxAgeMs,
      range: `the receiver takes the last ${String(maxAgeMs / hourMs)} h`,
    },
    send: (points) => sendPoints(setup, sortByMetric(points), { ...resending, tickMs: parcels[0]?.tickMs ?? 0 }),
  });
}

async function sendPoints(
  setup: Setup,
  points: readonly Point[],
  { size, deadline, tickMs }: Resending & { readonly tickMs: number },
): Promise<Delivery> {
  const { encode, messageAt, target } = setup;
  const large: Point[] = [];
  const pieces = splitChunks(points, size.samples());
  const message = messageAt(tickMs);
  const maxBytes = target.limits.bytes;
  const generateRequests = (isOver: () => boolean): Generator<EncodedRequest> =>
    splitRequests(pieces, { encode, message, maxBytes, isOver }, (point) => large.push(point));
  const sent = await sendRequests(setup, generateRequests, { deadline, observers: [size] });
  const delivery = buildDelivery(setup, sent, { omissions: [], tickMs });
  return { ...delivery, dropped: (delivery.dropped ?? 0) + large.length };
}
