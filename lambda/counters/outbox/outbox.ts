/** The outbox of one additive sink: its entries, claims and settled deliveries, as JSON and as changes to it. */
import * as z from 'zod';
import { defineMapping } from '../state/mapping.ts';
import type { Parcel } from '../../model/delivery.ts';
import { deliveryEndsAfterMs } from './in-flight.ts';
import { explainUnreadable } from '../state/document.ts';
import { tryParseJson } from '../../model/text/try-parse-json.ts';
import { hourMs } from '../../model/time.ts';

/**
 * What is remembered of one additive sink: increases that it certainly did not store, and which deliveries were seen to
 * their end. Never changed in place.
 */
export interface Outbox {
  readonly entries: readonly Entry[];
  /** By source, the ids of deliveries that came to an end, whatever it was: a tick, or a little more. */
  readonly settled: Readonly<Record<string, readonly number[]>>;
}

export interface Entry {
  readonly parcel: Parcel;
  /** The run that sends it at the moment: a number that no other claim has, and the tick of that run. */
  readonly claim: { readonly id: number; readonly tickMs: number } | undefined;
}

/** About 3 MB; a sink that refuses for hours must not make each run dearer than the one before. */
export const maxSamples = 10_000;

/** What one run sends again, oldest first, beside its own. */
const maxSamplesPerRun = 3000;

/** Three hours of runs that are 5 seconds apart. */
const maxSettled = 2160;

/** Longer than the longest interval between two runs of a source, and than any delivery. */
const settledKeptMs = 3 * hourMs;

const OutboxDocument = z.object({
  format: z.literal(1),
  parcels: z.array(
    z.object({
      tick: z.number(),
      samples: z.number(),
      content: z.unknown(),
      claim: z.tuple([z.number(), z.number()]).optional(),
    }),
  ),
  settled: defineMapping(z.array(z.number())),
});

export const emptyOutbox: Outbox = { entries: [], settled: {} };

/** @throws StateStoreError for what this version of the collector cannot read; it must then be left as it is. */
export function parseOutbox(body: string, sink: string): Outbox {
  const raw = tryParseJson(body);
  const { success, data } = OutboxDocument.safeParse(raw);
  if (!success) throw explainUnreadable(raw, `the outbox of ${sink}`);
  const entries = data.parcels.map(({ tick, samples, content, claim }) => ({
    parcel: { tickMs: tick, samples, content },
    claim: claim === undefined ? undefined : { id: claim[0], tickMs: claim[1] },
  }));
  return { entries, settled: data.settled };
}

export function formatOutbox({ entries, settled }: Outbox): string {
  const parcels = entries.map(({ parcel: { tickMs, samples, content }, claim }) => ({
    tick: tickMs,
    samples,
    content,
    ...(claim === undefined ? {} : { claim: [claim.id, claim.tickMs] }),
  }));
  return JSON.stringify({ format: 1, parcels, settled });
}

export function isSettledIn({ settled }: Outbox, source: string, deliveryId: number): boolean {
  return settled[source]?.includes(deliveryId) ?? false;
}

export function countPending({ entries }: Outbox): number {
  return countSamples(entries);
}

function countSamples(entries: readonly Entry[]): number {
  return entries.reduce((sum, { parcel }) => sum + parcel.samples, 0);
}

interface UnexpiredOutbox {
  readonly outbox: Outbox;
  /** Claimed by a run that never came back: they may have been stored, so they are not sent again. */
  readonly unconfirmed: number;
  /** Too old for the sink. */
  readonly dropped: number;
}

/** Takes out what must not be sent any more; nothing where no source can tell how far the time has come. */
export function removeExpired(outbox: Outbox, tickMs: number | undefined, keptForMs: number): UnexpiredOutbox {
  if (tickMs === undefined) return { outbox, unconfirmed: 0, dropped: 0 };
  const isAbandoned = ({ claim }: Entry): boolean => claim !== undefined && tickMs - claim.tickMs > deliveryEndsAfterMs;
  const isTooOld = ({ parcel, claim }: Entry): boolean => claim === undefined && tickMs - parcel.tickMs > keptForMs;
  const abandoned = outbox.entries.filter(isAbandoned);
  const old = outbox.entries.filter(isTooOld);
  const entries = outbox.entries
    .filter((entry) => !isAbandoned(entry) && !isTooOld(entry))
    .map((entry) => clampClaim(entry, tickMs));
  return { outbox: { ...outbox, entries }, unconfirmed: countSamples(abandoned), dropped: countSamples(old) };
}

/** The claim of a run whose clock was ahead runs out like any other, and not only when that time has come. */
function clampClaim(entry: Entry, tickMs: number): Entry {
  const { claim } = entry;
  if (claim === undefined || claim.tickMs - tickMs <= deliveryEndsAfterMs) return entry;
  return { ...entry, claim: { ...claim, tickMs } };
}

/** Marks what this run sends again, so that no other run does. */
export function claimEntries(
  outbox: Outbox,
  claim: NonNullable<Entry['claim']>,
): { outbox: Outbox; parcels: readonly Parcel[] } {
  const parcels: Parcel[] = [];
  let room = maxSamplesPerRun;
  const entries = outbox.entries.map((entry) => {
    if (entry.claim !== undefined || (room < entry.parcel.samples && parcels.length > 0)) return entry;
    room -= entry.parcel.samples;
    parcels.push(entry.parcel);
    return { ...entry, claim };
  });
  return { outbox: { ...outbox, entries }, parcels };
}

export interface Settlement {
  /** How far the time is known to have come; undefined where no source could tell. Epoch milliseconds. */
  readonly nowMs: number | undefined;
  /** Sources whose increases were in the delivery, with the id that each knows it by. */
  readonly sources: ReadonlyMap<string, number>;
  /** What was claimed and has been sent, or comes back. */
  readonly claim: number | undefined;
  /** What certainly was not stored. */
  readonly undelivered: readonly Parcel[];
}

/** The outbox after a delivery; the oldest is dropped where there is no room. */
export function settle(
  outbox: Outbox,
  { nowMs = -Infinity, sources, claim, undelivered }: Settlement,
): { outbox: Outbox; dropped: number } {
  const others = outbox.entries.filter((entry) => claim === undefined || entry.claim?.id !== claim);
  const back = undelivered.map((parcel): Entry => ({ parcel, claim: undefined }));
  const all = [...others, ...back].toSorted((a, b) => a.parcel.tickMs - b.parcel.tickMs);
  const entries = keepNewest(all);
  const recent = Object.entries(outbox.settled)
    .map(([source, ids]) => [source, ids.filter((id) => id > nowMs - settledKeptMs)] as const)
    .filter(([, ids]) => ids.length > 0);
  const settled: Record<string, readonly number[]> = Object.fromEntries(recent);
  for (const [source, id] of sources)
    settled[source] = [...(settled[source] ?? []).filter((known) => known !== id), id].slice(-maxSettled);
  return { outbox: { entries, settled }, dropped: countSamples(all) - countSamples(entries) };
}

function keepNewest(entries: readonly Entry[]): readonly Entry[] {
  let room = maxSamples;
  const kept = entries.toReversed().filter(({ parcel }) => {
    room -= parcel.samples;
    return room >= 0;
  });
  return kept.toReversed();
}
