/** Packs increases that wait for a later run, and reads them back: another version may have written them. */
import * as z from 'zod';
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
      name,
      attributes,
      kind,
      intervalMs,
      value,
    })),
  }));
}

/** The points of a parcel with their own time; undefined for one of an unknown shape. */
export function unpackPoints({ tickMs, content }: Parcel): readonly Point[] | undefined {
  const { success, data } = Content.safeParse(content);
  return success ? data.map((point) => ({ ...point, timeMs: tickMs })) : undefined;
}

/** What New Relic looks at is the start of the window. */
export function isInTime({ timeMs, ...point }: Point, nowMs: number): boolean {
  return isStorableTime(timeMs - ('intervalMs' in point ? point.intervalMs : 0), nowMs);
}
