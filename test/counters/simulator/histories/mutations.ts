/** Deliberate mistakes of sources and stores, each with the promise that the simulator must find broken. */
import fc from 'fast-check';
import type { History } from './history.ts';
import { skippingHistoryOf } from './skipping-history.ts';
import { goodHabits, type Habits } from '../world/source.ts';
import { outboxIn, stateIn } from '../rules/documents.ts';

/** A mistake that the simulator must find: a source that asks wrongly, or a store that does not keep what it is given. */
export interface Mutation {
  readonly name: string;
  /** The promise that it breaks. */
  readonly finding: string;
  readonly habits?: Partial<Habits>;
  /** Applied to each document on its way into the store. */
  readonly change?: (id: string, body: string) => string;
  readonly comparesVersions?: boolean;
  /** For a mistake that any history shows too rarely: those in which it costs something. */
  readonly histories?: fc.Arbitrary<History>;
}

export const unharmed: Mutation = { name: 'none', finding: '' };

const minuteMs = 60_000;

/** Of a source that is written wrongly, or of the store. */
export const mutations: readonly Mutation[] = [
  { name: 'commit without the version condition', finding: 'the tick never goes back', comparesVersions: false },
  {
    name: 'no list in the first tick',
    finding: 'every finish since the beginning is counted once',
    habits: { readsFirstList: false },
  },
  {
    name: 'no open set',
    finding: 'every finish since the beginning is counted once',
    habits: { keepsOpenRuns: false },
  },
  {
    name: 'no epoch filter',
    finding: 'every finish since the beginning is counted once',
    change: changeState((state) => {
      for (const stream of Object.values(state.streams)) stream.epoch = 0;
    }),
  },
  { name: 'no overlap', finding: 'every finish since the beginning is counted once', habits: { overlapMs: 0 } },
  {
    name: 'watermark moved after an incomplete read',
    finding: 'only a complete read moves the watermark',
    habits: { movesAfterPartRead: true },
  },
  {
    name: 'seen pruned by the tick instead of the watermark',
    finding: 'every finish since the beginning is counted once',
    change: changeState((state) => {
      const keptS = (state.tick - minuteMs / 2 - goodHabits.overlapMs - 2 * minuteMs) / 1000;
      for (const stream of Object.values(state.streams)) {
        stream.seen = Object.fromEntries(Object.entries(stream.seen).filter(([, seconds]) => seconds >= keptS));
      }
    }),
  },
  {
    name: 'watermark that believes a clock that is ahead',
    finding: 'every finish since the beginning is counted once',
    change: changeState((state) => {
      for (const stream of Object.values(state.streams)) stream.mark = Math.max(stream.mark, state.tick - minuteMs / 2);
    }),
  },
  {
    name: 'a refusal that holds for an hour',
    finding: 'a refusal lasts only as long as the vendor says',
    change: changeState((state) => {
      for (const quota of Object.values(state.quotas))
        if (quota.length > 3) quota[3] = Number(quota[0]) + 60 * minuteMs;
    }),
  },
  {
    name: 'finish key without the attempt',
    finding: 'every finish since the beginning is counted once',
    habits: { keyHasAttempt: false },
  },
  {
    name: 'a list that skips elements taken for whole',
    finding: 'every finish since the beginning is counted once',
    habits: { countsElements: false },
    histories: fc.oneof(skippingHistoryOf('finish'), skippingHistoryOf('created')),
  },
  {
    name: 'delivery forgotten before the answer to the send',
    finding: 'what an additive sink lacks is told',
    change: changeState((state) => {
      state.inFlight = [];
    }),
  },
  {
    name: 'outbox entry removed before the answer to the send',
    finding: 'what an additive sink lacks is told',
    change: (id: string, body: string): string => {
      if (!id.startsWith('outbox/')) return body;
      const outbox = outboxIn(body);
      return JSON.stringify({
        ...outbox,
        parcels: outbox.parcels.filter((parcel) => parcel['claim'] === undefined),
      });
    },
  },
];

/** Of what is remembered, which no source can mend: they show that the source's own code is held to the promises. */
export const memoryMutations: readonly Mutation[] = [
  {
    name: 'open runs are forgotten',
    finding: 'every finish since the beginning is counted once',
    change: changeState((state) => {
      for (const stream of Object.values(state.streams)) stream.open = [];
    }),
  },
  {
    name: 'counted finishes are forgotten',
    finding: 'every finish since the beginning is counted once',
    change: changeState((state) => {
      for (const stream of Object.values(state.streams)) stream.seen = {};
    }),
  },
  {
    name: 'lost runs are forgotten',
    finding: 'no run stays open for longer than it may',
    change: changeState((state) => {
      for (const stream of Object.values(state.streams)) stream.lost = {};
    }),
  },
];

function changeState(change: (state: ReturnType<typeof stateIn>) => void): NonNullable<Mutation['change']> {
  return (id, body) => {
    if (id.startsWith('outbox/')) return body;
    const state = stateIn(body);
    change(state);
    return JSON.stringify(state);
  };
}
