/** Packs sums that wait for a later run, and reads them back: another version may have written them. */
import * as z from 'zod';
import type { Parcel } from '../../sink.ts';
import type { Datum } from '../encode/datum.ts';

/** A datum as it waits in the outbox; what all of a parcel have in common stands beside them. */
const StoredDatum = z.object({
  name: z.string(),
  dimensions: z.array(z.object({ name: z.string(), value: z.string() })),
  unit: z.enum(['Count', 'Seconds', 'Bytes', 'Percent', 'None']),
  value: z.union([z.number(), z.object({ values: z.array(z.number()), counts: z.array(z.number()) })]),
  resolution: z.enum(['standard', 'high']),
});
const Content = z.object({ namespace: z.string(), datums: z.array(StoredDatum) });

/**
 * The sums among datums that were not stored, by namespace and time. Levels are left behind: the next run has newer
 * ones.
 */
export function packDatums(datums: readonly Datum[], tickMs: number): readonly Parcel[] {
  const sums = datums.filter(({ reading }) => reading === 'sums');
  const groups = Map.groupBy(sums, ({ namespace, timeMs = tickMs }) => JSON.stringify([namespace, timeMs]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const stored = group.map(({ name, dimensions, unit, value, resolution }) => ({
      name,
      dimensions,
      unit,
      value,
      resolution,
    }));
    const content = { namespace: first.namespace, datums: stored };
    return [{ tickMs: first.timeMs ?? tickMs, samples: group.length, content }];
  });
}

/** What parcels hold, with their own times; undefined for one of an unknown shape. */
export function unpackDatums({ tickMs, content }: Parcel): readonly Datum[] | undefined {
  const { success, data } = Content.safeParse(content);
  if (!success) return undefined;
  const { namespace, datums } = data;
  return datums.map((datum): Datum => ({ ...datum, namespace, reading: 'sums', timeMs: tickMs }));
}
