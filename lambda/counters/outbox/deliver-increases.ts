/** Delivers increases to a sink that adds them up, and keeps what was refused for a later run. */
import type { Batch } from '../../model/batch.ts';
import type { Problem } from '../../model/problem.ts';
import { type Deadline, graceAfter } from '../../runtime/deadline.ts';
import { graceAfterDeadlineMs } from '../../runtime/run-each.ts';
import type { Delivery, Parcel } from '../../model/delivery.ts';
import type { CountedSink } from './counted-sink.ts';
import {
  claimEntries,
  emptyOutbox,
  formatOutbox,
  type Outbox,
  parseOutbox,
  countPending,
  settle,
  removeExpired,
} from './outbox.ts';
import { describeStateProblem } from '../state/state-problem.ts';
import { StateStoreError, type StateStore } from '../stores/store.ts';
import { hourMs, dayMs } from '../../model/time.ts';

/** CloudWatch takes nothing that is older than two weeks (PutMetricData API reference); one hour is a margin. */
const keptForMs = 14 * dayMs - hourMs;

/** Several runs may settle one outbox at the same time; each retry means that another run has saved in between. */
const maxSettleAttempts = 5;

/** Delivery ends before the run does, so that how it went can be saved. */
const shareForSending = 0.9;

/**
 * What ends a delivery early, such as SIGTERM, leaves no share: what was not sent is saved within the moment that a part
 * has after its deadline, less what it takes to hand over the result.
 */
const settleGraceMs = 0.8 * graceAfterDeadlineMs;

/** The outbox of one additive sink as a run found it. */
export interface OpenOutbox {
  readonly id: string;
  readonly outbox: Outbox;
  readonly version: number;
}

export type OutboxReading = OpenOutbox | { readonly problem: Problem };

/** Never rejects: without its outbox a sink still gets what is new. */
export async function openOutbox(sink: string, store: StateStore, signal: AbortSignal): Promise<OutboxReading> {
  const id = `outbox/${sink}`;
  try {
    const stored = await store.load(id, signal);
    if (stored === undefined) return { id, outbox: emptyOutbox, version: 0 };
    return { id, outbox: parseOutbox(stored.body, sink), version: stored.version };
  } catch (error) {
    return {
      problem: describeOutboxProblem(error, sink, 'what is refused in this run cannot be kept for the next one'),
    };
  }
}

function describeOutboxProblem(error: unknown, sink: string, effect: string): Problem {
  return describeStateProblem(error, `${sink} outbox`, effect);
}

export interface AdditiveDelivery extends Delivery {
  /** Samples that wait in the outbox. */
  readonly pending: number;
}

export interface AdditiveInput {
  readonly sink: CountedSink;
  /** `<kind>/<name in config>` */
  readonly name: string;
  readonly batch: Batch;
  readonly store: StateStore;
  readonly opened: OutboxReading;
  /** Sources whose state says that increases of this tick are in flight, with the id of the delivery there. */
  readonly sources: ReadonlyMap<string, number>;
  /** How far the time is known to have come; undefined where no source could tell. Epoch milliseconds. */
  readonly nowMs: number | undefined;
  /** Increases from before the installation; they go through the outbox. */
  readonly backfill: readonly Parcel[];
  readonly deadline: Deadline;
}

/**
 * Delivers to a sink that adds what it is sent. What it certainly did not store is kept and sent again by later runs;
 * what it may have stored never is. Claim, send, settle: each of them a compare-and-swap, so that of several runs one
 * sends a parcel.
 */
export async function deliverAdditive(input: AdditiveInput): Promise<AdditiveDelivery> {
  const { sink, batch, opened, deadline, backfill: history } = input;
  using sending = deadline.slice(shareForSending);
  if ('problem' in opened) {
    const delivery = await sink.write(batch, { deadline: sending });
    const dropped = countSamples([...(delivery.undelivered ?? []), ...history]) + (delivery.dropped ?? 0);
    return { ...delivery, problems: [...delivery.problems, opened.problem], undelivered: [], dropped, pending: 0 };
  }
  const sorted = removeExpired(opened.outbox, input.nowMs, keptForMs);
  const claim = await claimParcels({ ...opened, outbox: sorted.outbox }, input);
  const fresh = await sink.write(batch, { deadline: sending });
  const again = await redeliver(input, claim.parcels, fresh, sending);
  const kept = await settleDelivery(
    claim,
    [...(fresh.undelivered ?? []), ...(again.undelivered ?? []), ...history],
    input,
  );
  return {
    accepted: fresh.accepted + again.accepted,
    requests: fresh.requests + again.requests,
    bytes: fresh.bytes + again.bytes,
    ...(fresh.isUnanswered === true ? { isUnanswered: true } : {}),
    problems: [...fresh.problems, ...again.problems, ...claim.problems, ...kept.problems],
    unconfirmed: sum([fresh.unconfirmed, again.unconfirmed, sorted.unconfirmed]),
    dropped: sum([fresh.dropped, again.dropped, sorted.dropped, kept.dropped]),
    pending: kept.pending,
  };
}

function countSamples(parcels: readonly Parcel[]): number {
  return sum(parcels.map(({ samples }) => samples));
}

function sum(numbers: readonly (number | undefined)[]): number {
  return numbers.reduce<number>((total, number) => total + (number ?? 0), 0);
}

interface Claim {
  readonly opened: OpenOutbox;
  /** Undefined when there is nothing to send again. */
  readonly id: number | undefined;
  readonly parcels: readonly Parcel[];
  readonly problems: readonly Problem[];
}

async function claimParcels(
  opened: OpenOutbox,
  { name, batch, nowMs, store, deadline }: AdditiveInput,
): Promise<Claim> {
  const nothing: Claim = { opened, id: undefined, parcels: [], problems: [] };
  // The version that the claim is saved as: no other claim ever has it.
  const id = opened.version + 1;
  const { outbox, parcels } = claimEntries(opened.outbox, { id, tickMs: nowMs ?? batch.tickMs });
  if (parcels.length === 0) return nothing;
  try {
    const body = formatOutbox(outbox);
    const saved = await store.save(opened.id, { body, before: opened.version }, deadline.signal);
    // Another run has claimed the parcels, or had claimed them: the next run tries again.
    return saved === 'saved' ? { opened: { ...opened, outbox, version: id }, id, parcels, problems: [] } : nothing;
  } catch (error) {
    // The claim may have been saved: then it runs out, and its increases are reported as unconfirmed.
    return {
      ...nothing,
      problems: [describeOutboxProblem(error, name, 'increases of earlier runs wait for the next one')],
    };
  }
}

const nothingSent: Delivery = { accepted: 0, requests: 0, bytes: 0, problems: [] };

/** A sink that has just refused what is new would refuse what is old. */
async function redeliver(
  { sink }: AdditiveInput,
  parcels: readonly Parcel[],
  fresh: Delivery,
  deadline: Deadline,
): Promise<Delivery> {
  if (parcels.length === 0) return nothingSent;
  const isRefusing = (fresh.undelivered ?? []).length > 0 || (fresh.accepted === 0 && fresh.problems.length > 0);
  if (isRefusing || sink.redeliver === undefined) return { ...nothingSent, undelivered: parcels };
  return await sink.redeliver(parcels, { deadline });
}

interface Kept {
  readonly pending: number;
  readonly dropped: number;
  readonly problems: readonly Problem[];
}

async function settleDelivery(claim: Claim, undelivered: readonly Parcel[], input: AdditiveInput): Promise<Kept> {
  const { name, nowMs, store, sources, deadline } = input;
  const isUnchanged =
    'outbox' in input.opened && claim.opened.outbox.entries.length === input.opened.outbox.entries.length;
  if (isUnchanged && claim.id === undefined && undelivered.length === 0 && sources.size === 0)
    return { pending: countPending(claim.opened.outbox), dropped: 0, problems: [] };
  const settlement = { nowMs, sources, claim: claim.id, undelivered };
  let { opened } = claim;
  using settling = graceAfter(deadline, settleGraceMs);
  try {
    for (let attempt = 1; attempt <= maxSettleAttempts; attempt += 1) {
      const { outbox, dropped } = settle(opened.outbox, settlement);
      const document = { body: formatOutbox(outbox), before: opened.version };
      if ((await store.save(opened.id, document, settling.signal)) === 'saved')
        return { pending: countPending(outbox), dropped, problems: [] };
      const again = await openOutbox(name, store, settling.signal);
      if ('problem' in again) return { pending: 0, dropped: 0, problems: [again.problem] };
      // What has expired meanwhile is removed by the next run, which reports it.
      opened = again;
    }
    throw new StateStoreError('unavailable', `the outbox of ${name} was saved to by other runs again and again`);
  } catch (error) {
    const problem = describeOutboxProblem(error, name, 'increases of this run will be counted as unconfirmed');
    return { pending: 0, dropped: countSamples(undelivered), problems: [problem] };
  }
}
