/** Cuts a refused request in two, again and again, until the datum that CloudWatch refuses stands alone. */
import type { Datum } from '../encode/datum.ts';
import { type SendProblem, tooLargeCause } from './explain-error.ts';
import { formatDimensionsKey } from './refused-datums.ts';

export type Halves = readonly [readonly Datum[], readonly Datum[]];

/**
 * By the datums that the refusal names where it names some, else by those that are suspected, else between two queues
 * or pipelines: a bad name is in every metric of one, and halves that tear them apart would both be refused. Undefined
 * where a further cut finds out nothing: one datum is left, or each of them was named.
 */
export function splitRefused(
  datums: readonly Datum[],
  { cause, named = [] }: SendProblem,
  isSuspect: (datum: Datum) => boolean,
): Halves | undefined {
  if (datums.length < 2) return undefined;
  if (cause === tooLargeCause) return cutAt(datums, Math.ceil(datums.length / 2));
  const isNamed = new Set(named.filter((position) => position < datums.length));
  if (isNamed.size === datums.length) return undefined;
  if (isNamed.size > 0) return partition(datums, (_, position) => !isNamed.has(position));
  const suspected = datums.filter(isSuspect).length;
  if (suspected > 0 && suspected < datums.length) return partition(datums, (datum) => !isSuspect(datum));
  const ordered = orderByDimensions(datums);
  return cutAt(ordered, findMiddleBetweenQueues(ordered));
}

/** Datums with the same dimensions side by side, in the order in which the first of each came. */
export function orderByDimensions(datums: readonly Datum[]): readonly Datum[] {
  return [...Map.groupBy(datums, formatDimensionsKey).values()].flat();
}

/** The boundary between two queues that is nearest to the middle; the middle itself where all have the same dimensions. */
function findMiddleBetweenQueues(ordered: readonly Datum[]): number {
  const keys = ordered.map(formatDimensionsKey);
  const middle = Math.ceil(keys.length / 2);
  const isBoundary = (at: number): boolean => at > 0 && at < keys.length && keys[at - 1] !== keys[at];
  for (let distance = 0; distance <= middle; distance += 1) {
    if (isBoundary(middle - distance)) return middle - distance;
    if (isBoundary(middle + distance)) return middle + distance;
  }
  return middle;
}

function cutAt(datums: readonly Datum[], at: number): Halves {
  return [datums.slice(0, at), datums.slice(at)];
}

function partition(datums: readonly Datum[], isGood: (datum: Datum, position: number) => boolean): Halves {
  return [datums.filter(isGood), datums.filter((datum, position) => !isGood(datum, position))];
}
