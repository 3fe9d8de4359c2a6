/** Packs increases that wait for a later run, and reads them back: another version may have written them. */
import * as z from 'zod';
import type { Parcel } from '../../sink.ts';
import { isAddedUp, type Point } from '../encode/point.ts';

const Common = { name: z.string(), tags: z.array(z.string()), values: z.array(z.number()).min(1) };

const Content = z.array(
  z.discriminatedUnion('kind', [
    z.object({ ...Common, kind: z.literal('increase'), unit: z.string().optional(), intervalSeconds: z.int().min(1) }),
    z.object({ ...Common, kind: z.literal('observations') }),
  ]),
);

/** Levels are left behind: the next run has newer ones. */
export function packPoints(points: readonly Point[]): readonly Parcel[] {
  const byTime = Map.groupBy(points.filter(isAddedUp), ({ timeMs }) => timeMs);
  return [...byTime].map(([tickMs, group]) => ({
    tickMs,
    samples: group.length,
    content: group.map(({ name, tags, kind, values, unit, intervalSeconds }) => ({
      name,
      tags,
      kind,
      values,
      ...(unit === undefined ? {} : { unit }),
      ...(intervalSeconds === undefined ? {} : { intervalSeconds }),
    })),
  }));
}

/** The points of a parcel with their own time; undefined for one of an unknown shape. */
export function unpackPoints({ tickMs, content }: Parcel): readonly Point[] | undefined {
  const { success, data } = Content.safeParse(content);
  return success ? data.map((point) => unpackPoint(point, tickMs)) : undefined;
}

function unpackPoint(read: z.infer<typeof Content>[number], timeMs: number): Point {
  if (read.kind === 'observations') return { ...read, timeMs };
  const { unit, ...rest } = read;
  return { ...rest, timeMs, ...(unit === undefined ? {} : { unit }) };
}
