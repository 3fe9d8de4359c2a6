/** Packs sums that never left for a later run, and reads them back: another version may have written them. */
import * as z from 'zod';
import type { Parcel } from '../../sink.ts';
import { mostDatagramBytes } from '../limits.ts';
import type { Line } from '../encode/encode-lines.ts';

/** A counter or an observation on one line. */
const Content = z.array(
  z
    .string()
    .max(mostDatagramBytes)
    .regex(/^[^\n|]+:[-+.\de]+\|(c|ms|h|d)(\|[^\n]+)?$/),
);

/** Levels are left behind: the next run has newer ones. */
export function packSums(sums: readonly Line[], tickMs: number): readonly Parcel[] {
  const byTick = Map.groupBy(sums, (line) => line.tickMs ?? tickMs);
  return [...byTick].map(([tick, group]) => ({
    tickMs: tick,
    samples: group.length,
    content: group.map(({ text }) => text),
  }));
}

/** The lines of a parcel; undefined for one of an unknown shape. */
export function unpackSums({ tickMs, content }: Parcel): readonly Line[] | undefined {
  const { success, data } = Content.safeParse(content);
  return success ? data.map((text) => ({ text, bytes: Buffer.byteLength(text), reading: 'sum', tickMs })) : undefined;
}
