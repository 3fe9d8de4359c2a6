/** Packs increases that wait for a later run, and reads them back: another version may have written them. */
import * as z from 'zod';
import type { Unsendable } from '../../../series/losses/findings.ts';
import type { Parcel } from '../../sink.ts';
import { isAddedUp, type Item, type Point } from '../encode/item.ts';
import { isStorableTime } from '../encode/encode-items.ts';

const Common = {
  name: z.string(),
  attributes: z.record(z.string(), z.string()),
  intervalMs: z.number().min(1),
};

const Content = z.array(
  z.discriminatedUnion('kind', [
    z.object({ ...Common, kind: z.literal('increase'), value: z.number() }),
    z.object({
      ...Common,
      kind: z.literal('observations'),
      value: z.object({ count: z.number(), sum: z.number(), min: z.number(), max: z.number() }),
    }),
  ]),
);

/** Levels and events are left behind: the next run has newer ones. */
export function packItems(items: readonly Item[]): readonly Parcel[] {
  const byTime = Map.groupBy(items.filter(isAddedUp), ({ timeMs }) => timeMs);
  return [...byTime].map(([tickMs, group]) => ({
    tickMs,
    samples: group.length,
    content: group.map(({ name, attributes, kind, intervalMs, value }) => ({
      ...{ name, attributes, kind, intervalMs, value },
    })),
  }));
}

export interface Opened extends Unsendable {
  readonly points: readonly Point[];
}

export function openParcels(parcels: readonly Parcel[], nowMs: number): Opened {
  // What New Relic looks at is the start of the window.
  const isInTime = ({ timeMs, intervalMs = 0 }: Point & { readonly intervalMs?: number }): boolean =>
    isStorableTime(timeMs - intervalMs, nowMs);
  const read = parcels.map((parcel) => ({ parcel, points: unpackPoints(parcel) }));
  const points = read.flatMap((one) => one.points ?? []);
  const fresh = points.filter(isInTime);
  return {
    points: fresh,
    old: points.length - fresh.length,
    unreadable: read
      .filter((one) => one.points === undefined)
      .reduce((sum, { parcel: { samples } }) => sum + samples, 0),
  };
}

/** The points of a parcel with their own time; undefined for one of an unknown shape. */
function unpackPoints({ tickMs, content }: Parcel): readonly Point[] | undefined {
  const { success, data } = Content.safeParse(content);
  return success ? data.map((point) => ({ ...point, timeMs: tickMs })) : undefined;
}
