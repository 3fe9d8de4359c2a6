/** Remembers which increases were handed to additive sinks and are not yet known to be stored. */
import type { MetricFamily } from '../../model/metric.ts';
import type { InFlight } from '../state/state.ts';
import { minuteMs } from '../../model/time.ts';

/** Increases of earlier ticks whose delivery ended without a known result, by sink. */
export type Unsettled = Readonly<Record<string, number>>;

/**
 * How long a delivery may still be under way: no invocation of AWS Lambda lives longer. What is not settled by then
 * never will be.
 */
export const deliveryEndsAfterMs = 15 * minuteMs;

/** A sink's outbox that cannot be read for hours must not make the state grow. */
export const maxInFlight = 100;

export interface Deliveries {
  /** How far the time is known to have come; ages go by it. Epoch milliseconds. */
  readonly nowMs: number;
  /** Ids of the sinks that add what they are sent. */
  readonly additiveSinks: readonly string[];
  /** Whether an earlier delivery was seen to its end; undefined when that cannot be known now. */
  readonly isSettled: (sink: string, deliveryId: number) => boolean | undefined;
}

export interface Resolved {
  readonly inFlight: readonly InFlight[];
  readonly unsettled: Unsettled;
}

/** Keeps what may still be under way, drops what was settled, and counts what is too old to be settled any more. */
export function resolveInFlight(inFlight: readonly InFlight[], { nowMs, isSettled }: Deliveries): Resolved {
  const kept: InFlight[] = [];
  const unsettled: Record<string, number> = {};
  for (const entry of inFlight) {
    const isOver = nowMs - entry.tickMs > deliveryEndsAfterMs;
    const open = entry.sinks.filter((sink) => isSettled(sink, entry.id) !== true);
    const unknown = open.filter((sink) => isOver && isSettled(sink, entry.id) === false);
    for (const sink of unknown) unsettled[sink] = (unsettled[sink] ?? 0) + entry.samples;
    const waiting = open.filter((sink) => !unknown.includes(sink));
    if (waiting.length > 0) kept.push({ ...entry, sinks: waiting });
  }
  return { inFlight: kept.slice(-maxInFlight), unsettled };
}

export function buildInFlight(
  families: readonly MetricFamily[],
  id: number,
  { nowMs, additiveSinks }: Deliveries,
): readonly InFlight[] {
  const samples = families.reduce((sum, family) => sum + countIncreases(family), 0);
  return samples === 0 || additiveSinks.length === 0 ? [] : [{ tickMs: nowMs, id, sinks: additiveSinks, samples }];
}

/** Samples that say that something was added in this tick. */
function countIncreases(family: MetricFamily): number {
  if (family.type === 'counter') return family.samples.filter(({ increase }) => increase > 0).length;
  if (family.type === 'distribution')
    return family.samples.filter(({ observations }) => observations.length > 0).length;
  return 0;
}
