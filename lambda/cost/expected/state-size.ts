/** How large the state of a source is, by which the table is charged. */
import type { MetricFamily } from '../../model/metric.ts';
import type { Fleet } from '../fleet.ts';

interface Sizes {
  /** A running total with its labels. */
  readonly series: number;
  /** The key of something that has ended. */
  readonly finish: number;
  /** What a document has besides: places in lists, quotas, what the source remembers. */
  readonly rest: number;
}

/** Bytes of the documents that the simulated CI systems leave (`test/cost`), and of the same compressed. */
const plain: Sizes = { series: 110, finish: 27, rest: 1000 };
const compressed: Sizes = { series: 12, finish: 10, rest: 500 };

/** The keys of finishes are remembered for overlap, settle time and slack (`lambda/counters/tick/streams.ts`). */
const rememberedMinutes = 13;

export interface StateSize {
  readonly plainBytes: number;
  readonly storedBytes: number;
}

/** An estimate: what a source remembers besides its totals differs. */
export function estimateStateSize(families: readonly MetricFamily[], { finishesAnHour }: Fleet): StateSize {
  const counted = families.filter(({ type }) => type !== 'gauge');
  const series = counted.reduce((sum, { samples }) => sum + samples.length, 0);
  const finishes = (finishesAnHour * rememberedMinutes) / 60;
  const computeBytes = (sizes: Sizes): number =>
    Math.round(sizes.rest + sizes.series * series + sizes.finish * finishes);
  return { plainBytes: computeBytes(plain), storedBytes: computeBytes(compressed) };
}

/** Labels shrink to a tenth, and the keys of finishes, which are random, to a third. */
const usualShare = 0.2;

/** Of a document of which only the size before compression is known. */
export function estimateStoredBytes(plainBytes: number): number {
  return Math.round(compressed.rest + plainBytes * usualShare);
}
