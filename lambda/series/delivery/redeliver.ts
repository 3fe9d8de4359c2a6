/** Sends increases of earlier runs again, and says how many of them cannot be sent any more. */
import type { Problem } from '../../model/problem.ts';
import { formatCount } from '../../model/text/wording.ts';

/** What the outbox gives back: another version of the collector may have written it. */
interface Kept {
  /** The tick whose increases they are. Epoch milliseconds. */
  readonly tickMs: number;
  readonly samples: number;
}

/** What the delivery of a sink says at least. */
interface Answered {
  readonly problems: readonly Problem[];
  readonly dropped?: number;
}

export interface Redelivery<Parcel extends Kept, Item, Delivery extends Answered> {
  /** `<kind>/<name>` */
  readonly where: string;
  /** What a parcel holds; undefined for one of an unknown shape. */
  readonly unpack: (parcel: Parcel) => readonly Item[] | undefined;
  /** For a backend that takes no old times: which it takes, to test and in words. */
  readonly takes?: { readonly isInTime: (item: Item, tickMs: number) => boolean; readonly range: string };
  readonly send: (items: readonly Item[]) => Promise<Delivery>;
}

export async function redeliverParcels<Parcel extends Kept, Item, Delivery extends Answered>(
  parcels: readonly Parcel[],
  { where, unpack, takes, send }: Redelivery<Parcel, Item, Delivery>,
): Promise<Delivery> {
  const { items, old, unreadable } = openParcels(parcels, unpack, takes?.isInTime ?? (() => true));
  const delivery = await send(items);
  return {
    ...delivery,
    dropped: (delivery.dropped ?? 0) + old + unreadable,
    problems: [
      ...describeOld(old, where, takes?.range),
      ...describeUnreadable(unreadable, where),
      ...delivery.problems,
    ],
  };
}

interface Opened<Item> {
  readonly items: readonly Item[];
  /** Increases for which it is too late. */
  readonly old: number;
  /** Increases that were kept in a shape that is not known. */
  readonly unreadable: number;
}

function openParcels<Parcel extends Kept, Item>(
  parcels: readonly Parcel[],
  unpack: (parcel: Parcel) => readonly Item[] | undefined,
  isInTime: (item: Item, tickMs: number) => boolean,
): Opened<Item> {
  const items: Item[] = [];
  let [old, unreadable] = [0, 0];
  for (const parcel of parcels) {
    const content = unpack(parcel);
    if (content === undefined) unreadable += parcel.samples;
    for (const item of content ?? [])
      if (isInTime(item, parcel.tickMs)) items.push(item);
      else old += 1;
  }
  return { items, old, unreadable };
}

function describeOld(old: number, where: string, range = ''): readonly Problem[] {
  if (old === 0) return [];
  const message = `${formatCount(old, 'increase')} of earlier runs lost: ${range}; find out from the problems of those runs why they could not be sent`;
  return [{ kind: 'rejected', where, message }];
}

function describeUnreadable(unreadable: number, where: string): readonly Problem[] {
  if (unreadable === 0) return [];
  const message = `${formatCount(unreadable, 'increase')} of earlier runs lost, which were kept in a shape that is not known; please report it`;
  return [{ kind: 'bug', where, message }];
}
