/** The face of counting for a run: one object that collects from sources that count and delivers to sinks. */
import type { Cleaner } from '../model/text/admit.ts';
import type { Problem } from '../model/problem.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Collection } from '../model/collection.ts';
import type { Delivery } from '../model/delivery.ts';
import type { CountedSink } from './outbox/counted-sink.ts';
import type { Batch } from '../model/batch.ts';
import { findGreatest } from '../model/lists/extremes.ts';
import { cleanStore } from './stores/clean-store.ts';
import { deliverAdditive, openOutbox, type OutboxReading } from './outbox/deliver-increases.ts';
import { type CountedSource, countTick, type CountedTick } from './tick/count-tick.ts';
import { logFinishedRuns } from './finished-log.ts';
import { packBackfill, type Backfill } from './outbox/backfill.ts';
import type { Ledger } from './ledger.ts';
import { isSettledIn } from './outbox/outbox.ts';
import type { CountingSettings } from './settings.ts';
import type { StateStore } from './stores/store.ts';

export type { CountedSource, CountedTick as Counted } from './tick/count-tick.ts';

export interface CountingSink {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly sink: CountedSink;
}

/** Counting of one process: what a run needs of it, behind one import. */
export interface Counting {
  /** Reads what is remembered of the additive sinks; never rejects. */
  begin(sinks: readonly CountingSink[], signal: AbortSignal): Promise<CountingRun>;
}

/** Counting of one run. */
export interface CountingRun {
  collect(
    source: CountedSource,
    context: TickContext,
    work: (openLedger: () => Promise<Ledger>) => Promise<Collection>,
  ): Promise<CountedTick>;
  /** Undefined for a sink that takes running totals: it is written to as it is. */
  deliver(sink: CountingSink, batch: Batch, deadline: Deadline): Promise<Delivery> | undefined;
}

export interface TickContext {
  readonly tickMs: number;
  readonly signal: AbortSignal;
  readonly mode: 'commit' | 'preview';
  /** What the clock of this machine says; absent where only the ticks of runs are known. Epoch milliseconds. */
  readonly clock?: Clock | undefined;
  /** What the clock of the source's CI system says, as far as an answer of this run has told. Epoch milliseconds. */
  readonly vendorNow?: (() => number | undefined) | undefined;
}

export interface CountingPorts {
  readonly store: StateStore;
  readonly settings: CountingSettings;
  /** Whether each finished run gives a log line, as far as there are not too many. */
  readonly finishedRuns: 'log' | 'omit';
  /** Takes secrets out of what is counted and kept; absent where there are none. */
  readonly cleaner?: Cleaner | undefined;
  readonly log: Logger;
}

export function createCounting(given: CountingPorts): Counting {
  const { cleaner } = given;
  const ports = cleaner === undefined ? given : { ...given, store: cleanStore(given.store, cleaner) };
  return {
    begin: async (sinks, signal) => {
      const additive = sinks.filter(({ sink }) => sink.redeliver !== undefined);
      const opened = await Promise.all(
        additive.map(async ({ id }) => [id, await openOutbox(id, ports.store, signal)] as const),
      );
      const spans = sinks.some(({ sink }) => sink.takesSpans === true) ? 'keep' : 'omit';
      return createCountingRun(ports, new Map(opened), spans);
    },
  };
}

function createCountingRun(
  { store, settings, finishedRuns, cleaner, log }: CountingPorts,
  outboxes: ReadonlyMap<string, OutboxReading>,
  spans: 'keep' | 'omit',
): CountingRun {
  const counted = new Map<string, number>();
  const times: number[] = [];
  const unsettled = new Map<string, number>();
  const histories: Backfill[] = [];

  const isSettled = (source: string) => (sink: string, deliveryId: number) => {
    const reading = outboxes.get(sink);
    // A sink that left the configuration settles nothing any more.
    if (reading === undefined) return false;
    return 'problem' in reading ? undefined : isSettledIn(reading.outbox, source, deliveryId);
  };

  return {
    collect: async (source, given, work) => {
      const additiveSinks = [...outboxes.keys()];
      const context = {
        ...given,
        store,
        settings,
        additiveSinks,
        isSettled: isSettled(source.id),
        cleaner,
        log,
        spans,
      };
      const result = await countTick(work, source, context);
      if (result.outcome !== 'counted' || given.mode === 'preview') return result;
      counted.set(source.id, result.deliveryId);
      times.push(result.nowMs);
      for (const [sink, samples] of Object.entries(result.unsettled))
        unsettled.set(sink, (unsettled.get(sink) ?? 0) + samples);
      if (result.backfill.length > 0) histories.push({ source, finishes: result.backfill });
      if (finishedRuns === 'log') logFinishedRuns(source.id, result.lines, log);
      return result;
    },
    deliver: ({ id, sink }, batch, deadline) => {
      const opened = outboxes.get(id);
      if (opened === undefined) return undefined;
      const input = { sink, name: id, batch, store, opened, sources: counted, nowMs: findGreatest(times), deadline };
      const backfill = packBackfill(sink, histories);
      return deliverAdditive({ ...input, backfill }).then((delivery) => addUnsettled(delivery, id, unsettled.get(id)));
    },
  };
}

function addUnsettled(delivery: Delivery, sink: string, samples: number | undefined): Delivery {
  const unconfirmed = (delivery.unconfirmed ?? 0) + (samples ?? 0);
  if (unconfirmed === 0) return delivery;
  return { ...delivery, unconfirmed, problems: [...delivery.problems, ...describeUnsettled(sink, samples ?? 0)] };
}

function describeUnsettled(sink: string, samples: number): readonly Problem[] {
  if (samples === 0) return [];
  const message = `an earlier run ended without telling whether ${String(samples)} increases were stored; they are not sent again, because they might count twice`;
  return [{ kind: 'timeout', where: sink, message }];
}
