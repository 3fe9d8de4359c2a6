/** Tests of the outbox itself: what is claimed, what runs out, what is dropped, and what is remembered. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryEndsAfterMs } from '../../lambda/counters/outbox/in-flight.ts';
import {
  claimEntries,
  countPending,
  emptyOutbox,
  formatOutbox,
  isSettledIn,
  maxSamples,
  type Outbox,
  parseOutbox,
  removeExpired,
  type Settlement,
  settle,
} from '../../lambda/counters/outbox/outbox.ts';
import type { Parcel } from '../../lambda/model/delivery.ts';
import { hourMs, minuteMs } from '../../lambda/model/time.ts';

const nowMs = 1_700_000_000_000;

/** A parcel of a tick some minutes ago; its content names it. */
function parcelOf(minutesAgo: number, samples: number): Parcel {
  return { tickMs: nowMs - minutesAgo * minuteMs, samples, content: `of ${String(minutesAgo)} minutes ago` };
}

function outboxOf(...parcels: readonly Parcel[]): Outbox {
  return { ...emptyOutbox, entries: parcels.map((parcel) => ({ parcel, claim: undefined })) };
}

function settleWith(outbox: Outbox, settlement: Partial<Settlement>): ReturnType<typeof settle> {
  return settle(outbox, { nowMs, sources: new Map(), claim: undefined, undelivered: [], ...settlement });
}

const claim = { id: 7, tickMs: nowMs };

describe('what a run sends again', () => {
  it('is the oldest, as far as 3000 samples go', () => {
    const { outbox, parcels } = claimEntries(
      outboxOf(parcelOf(4, 1000), parcelOf(3, 1500), parcelOf(2, 501), parcelOf(1, 500)),
      claim,
    );

    expect(parcels.map(({ samples }) => samples)).toEqual([1000, 1500, 500]);
    expect(outbox.entries.map((entry) => entry.claim?.id)).toEqual([7, 7, undefined, 7]);
  });

  it('is at least one parcel, however large, or it would never leave', () => {
    expect(claimEntries(outboxOf(parcelOf(2, 5000), parcelOf(1, 1)), claim).parcels).toEqual([parcelOf(2, 5000)]);
  });

  it('is nothing that another run sends at the moment', () => {
    const { outbox } = claimEntries(outboxOf(parcelOf(1, 10)), claim);

    const second = claimEntries(outbox, { id: 8, tickMs: nowMs });

    expect(second.parcels).toEqual([]);
    expect(second.outbox).toEqual(outbox);
  });
});

describe('what runs out', () => {
  const keptForMs = hourMs;

  it('is what is older than the sink takes', () => {
    const left = removeExpired(outboxOf(parcelOf(61, 5), parcelOf(60, 3)), nowMs, keptForMs);

    expect(left).toEqual({ outbox: outboxOf(parcelOf(60, 3)), unconfirmed: 0, dropped: 5 });
  });

  it('is a claim of a run that can no longer be alive, and nobody knows what became of it', () => {
    const claimedAgo = (ms: number): Outbox =>
      claimEntries(outboxOf(parcelOf(90, 4)), { id: 7, tickMs: nowMs - ms }).outbox;

    const alive = claimedAgo(deliveryEndsAfterMs);
    expect(removeExpired(alive, nowMs, keptForMs)).toEqual({ outbox: alive, unconfirmed: 0, dropped: 0 });
    expect(removeExpired(claimedAgo(deliveryEndsAfterMs + 1), nowMs, keptForMs)).toEqual({
      outbox: emptyOutbox,
      unconfirmed: 4,
      dropped: 0,
    });
  });

  it('is a claim of a run whose clock was ahead, fifteen minutes from now and not when that time has come', () => {
    const ahead = claimEntries(outboxOf(parcelOf(1, 4)), { id: 7, tickMs: nowMs + 24 * hourMs }).outbox;

    const { outbox } = removeExpired(ahead, nowMs, keptForMs);

    expect(removeExpired(outbox, nowMs + deliveryEndsAfterMs, keptForMs).unconfirmed).toBe(0);
    expect(removeExpired(outbox, nowMs + deliveryEndsAfterMs + 1, keptForMs).unconfirmed).toBe(4);
  });

  it('is nothing where no source can tell the time', () => {
    const old = outboxOf(parcelOf(600, 5));

    expect(removeExpired(old, undefined, keptForMs)).toEqual({ outbox: old, unconfirmed: 0, dropped: 0 });
  });
});

describe('a delivery that came to an end', () => {
  it('takes out what it had claimed, and puts back what was not stored, in the order of time', () => {
    const claimed = claimEntries(outboxOf(parcelOf(5, 1), parcelOf(3, 2)), claim).outbox;
    const others = { ...claimed, entries: [...claimed.entries, ...outboxOf(parcelOf(4, 8)).entries] };

    const { outbox, dropped } = settleWith(others, { claim: 7, undelivered: [parcelOf(3, 2), parcelOf(0, 4)] });

    expect(outbox).toEqual(outboxOf(parcelOf(4, 8), parcelOf(3, 2), parcelOf(0, 4)));
    expect({ dropped, pending: countPending(outbox) }).toEqual({ dropped: 0, pending: 14 });
  });

  it('leaves alone what is claimed by nobody, or by another', () => {
    const waiting = outboxOf(parcelOf(1, 1));

    expect(settleWith(waiting, { claim: undefined }).outbox).toEqual(waiting);
    expect(settleWith(claimEntries(waiting, claim).outbox, { claim: 8 }).outbox.entries).toHaveLength(1);
  });

  it('drops the oldest where there is no room, and says how much', () => {
    const full = outboxOf(parcelOf(3, 10), parcelOf(2, maxSamples - 10));

    const { outbox, dropped } = settleWith(full, { undelivered: [parcelOf(1, 1)] });

    expect(outbox).toEqual(outboxOf(parcelOf(2, maxSamples - 10), parcelOf(1, 1)));
    expect(dropped).toBe(10);
  });

  it('is remembered for each of its sources once, for three hours', () => {
    const id = nowMs - 3 * hourMs;
    const before = {
      ...emptyOutbox,
      settled: { 'buildkite/main': [id + 1], 'bitbucket/shop': [id + 1], 'tekton/ci': [id] },
    };
    expect(isSettledIn(before, 'buildkite/main', id + 1)).toBe(true);
    expect(isSettledIn(before, 'tekton/ci', id + 1)).toBe(false);
    expect(isSettledIn(before, 'unknown', id)).toBe(false);

    const { outbox } = settleWith(before, { sources: new Map([['buildkite/main', id + 1]]) });

    expect(outbox.settled).toEqual({ 'buildkite/main': [id + 1], 'bitbucket/shop': [id + 1] });
  });

  it('is remembered without a known time, and at most 2160 of a source are', () => {
    const many = Array.from({ length: 2160 }, (_, index) => nowMs + index);
    const full = { ...emptyOutbox, settled: { 'buildkite/main': many } };

    const { outbox } = settleWith(full, { nowMs: undefined, sources: new Map([['buildkite/main', 1]]) });

    expect(outbox.settled['buildkite/main']).toEqual([...many.slice(1), 1]);
  });
});

describe('the kept outbox', () => {
  const anyEntry = fc.record({
    parcel: fc.record({ tickMs: fc.nat(), samples: fc.nat(), content: fc.jsonValue({ noUnicodeString: false }) }),
    claim: fc.option(fc.record({ id: fc.nat(), tickMs: fc.nat() }), { nil: undefined }),
  });
  const anyOutbox = fc.record({
    entries: fc.array(anyEntry),
    settled: fc.dictionary(fc.string(), fc.array(fc.nat())),
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyOutbox, (outbox) => {
        const body = formatOutbox(outbox);
        expect(formatOutbox(parseOutbox(body, 'cloudwatch/main'))).toBe(body);
        expect(parseOutbox(body, 'cloudwatch/main').entries.map((entry) => entry.claim)).toEqual(
          outbox.entries.map((entry) => entry.claim),
        );
      }),
    );
  });

  it.each([
    ['{"format":2,"parcels":[],"settled":{}}', 'written by a newer version of the collector (format 2, not 1)'],
    ['{"format":1,"parcels":[{"tick":1}],"settled":{}}', 'cannot be read, and it was left as it is'],
    ['{"format":1,"par', 'cannot be read, and it was left as it is'],
  ])('that is %s is refused', (body, reason) => {
    expect(() => parseOutbox(body, 'cloudwatch/main')).toThrow(`the outbox of cloudwatch/main`);
    expect(() => parseOutbox(body, 'cloudwatch/main')).toThrow(reason);
  });
});
