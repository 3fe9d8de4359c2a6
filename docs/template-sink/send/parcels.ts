/** Packs increases that wait for a later run, and reads them back: a newer or older version may have written them. */
import * as z from 'zod';
import type { Parcel } from '../../../lambda/sinks/sink.ts';
import { isAddedUp, type Point } from '../encode/encode-points.ts';

const Content = z.array(
  z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    kind: z.enum(['increase', 'observations']),
    values: z.array(z.number()),
  }),
);

/** Levels are left behind: the next run has newer ones. */
export function packPoints(points: readonly Point[]): readonly Parcel[] {
  const byTime = Map.groupBy(points.filter(isAddedUp), ({ timeMs }) => timeMs);
  return [...byTime].map(([tickMs, group]) => ({
    tickMs,
    samples: group.length,
    content: group.map(({ name, labels, kind, values }) => ({ name, labels, kind, values })),
  }));
}

/** The points of a parcel with their own time; undefined for one of an unknown shape. */
export function unpackPoints({ tickMs, content }: Parcel): readonly Point[] | undefined {
  const { success, data } = Content.safeParse(content);
  return success ? data.map((point) => ({ ...point, timeMs: tickMs })) : undefined;
}
