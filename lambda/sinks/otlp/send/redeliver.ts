/** Sends increases of earlier runs again, each under its own time. */
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { describeUnsendable } from '../../../series/losses/findings.ts';
import { cutChunks } from '../../../series/delivery/cut-requests.ts';
import type { RequestSize } from '../../../series/delivery/request-size.ts';
import type { Delivery, Parcel } from '../../sink.ts';
import type { Point } from '../encode/points/point.ts';
import { type EncodedRequest, splitRequests } from '../encode/split-requests.ts';
import { unpackPoints, sortByMetric } from './parcels.ts';
import { buildDelivery, sendRequests } from './send-requests.ts';
import type { Setup } from '../setup.ts';

const hourMs = 3_600_000;

export async function redeliver(
  setup: Setup,
  parcels: readonly Parcel[],
  { size, deadline }: { readonly size: RequestSize; readonly deadline: Deadline },
): Promise<Delivery> {
  const { encode, messageAt, target } = setup;
  const { points, dropped, problems } = openParcels(setup, parcels);
  const tickMs = parcels[0]?.tickMs ?? 0;
  const large: Point[] = [];
  const pieces = cutChunks(points, size.samples());
  const message = messageAt(tickMs);
  const maxBytes = target.limits.bytes;
  const generateRequests = (isOver: () => boolean): Generator<EncodedRequest> =>
    splitRequests(pieces, { encode, message, maxBytes, isOver }, (point) => large.push(point));
  const sent = await sendRequests(setup, generateRequests, { deadline, observers: [size] });
  const delivery = buildDelivery(setup, sent, { omissions: [], tickMs });
  return {
    ...delivery,
    dropped: (delivery.dropped ?? 0) + dropped + large.length,
    problems: [...problems, ...delivery.problems],
  };
}

interface Opened {
  readonly points: readonly Point[];
  /** Increases that cannot be sent any more. */
  readonly dropped: number;
  readonly problems: readonly Problem[];
}

function openParcels({ ports, target: { limits }, where }: Setup, parcels: readonly Parcel[]): Opened {
  const { maxAgeMs = Infinity } = limits;
  const isFresh = ({ tickMs }: Parcel): boolean => ports.clock() - tickMs <= maxAgeMs;
  const read = parcels.filter(isFresh).map((parcel) => ({ parcel, points: unpackPoints(parcel) }));
  const old = countParcelSamples(parcels.filter((parcel) => !isFresh(parcel)));
  const unreadable = countParcelSamples(read.filter(({ points }) => points === undefined).map(({ parcel }) => parcel));
  const range = `the receiver takes the last ${String(maxAgeMs / hourMs)} h`;
  return {
    points: sortByMetric(read.flatMap(({ points = [] }) => points)),
    dropped: old + unreadable,
    problems: describeUnsendable({ old, unreadable }, range, where),
  };
}

function countParcelSamples(parcels: readonly Parcel[]): number {
  return parcels.reduce((sum, { samples }) => sum + samples, 0);
}
