/** Remembers where a list was cut short by the time of a run, so that the next run goes on there. */
import * as z from 'zod';
import { defineMapping } from '../../../counters/state/mapping.ts';
import type { Ledger } from '../../../counters/ledger.ts';

const Round = z.object({
  /** The run in which the list was begun or, where none has come to it yet, in which it was left out. Epoch milliseconds. */
  beganMs: z.number(),
  /** How many runs have read a part of it. */
  runs: z.number(),
  /** How many rows were read so far. */
  rows: z.number(),
  /** How many of them were unreadable; the name is that of the stored state. */
  damaged: z.number(),
  /** How many runs in a row have come no further. */
  stalls: z.number(),
  /** Where the list goes on; absent where it is to be begun. */
  at: z.object({ token: z.string(), namespace: z.string() }).optional(),
  /** The state of the cluster up to which changes are known; absent where that was lost. */
  version: z.string().optional(),
});

/** The reading of one whole list, which may take several runs. */
export type Round = z.infer<typeof Round>;

const memoryName = 'unfinished lists';

/** A token holds the longest names of a namespace and a run, 63 and 253 characters, in base64: below 600. */
const longestToken = 4096;

/** A page that the server does not give in so many runs is left, so that what stands before it is read again. */
const maxStalls = 3;

export function beginRound(beganMs: number, version?: string): Round {
  return { beganMs, runs: 0, rows: 0, damaged: 0, stalls: 0, ...(version === undefined ? {} : { version }) };
}

/** By the name of the stream: lists that one run could not read. */
export function recallRounds(ledger: Ledger | undefined): ReadonlyMap<string, Round> {
  const known = ledger?.recall(memoryName, defineMapping(Round)) ?? {};
  return new Map(Object.entries(known));
}

/** Keeps no more than one entry for each list of the configuration. */
export function rememberRounds(ledger: Ledger, rounds: ReadonlyMap<string, Round>): void {
  if (rounds.size > 0 || recallRounds(ledger).size > 0) ledger.remember(memoryName, Object.fromEntries(rounds));
}

/** Lists that wait for the longest time come first, and those that the run before has read to their end come last. */
export function orderLists<List>(
  lists: readonly List[],
  rounds: ReadonlyMap<string, Round>,
  nameOf: (list: List) => string,
): readonly List[] {
  const findSinceMs = (list: List): number => rounds.get(nameOf(list))?.beganMs ?? Infinity;
  return lists.toSorted((a, b) => {
    const [first, second] = [findSinceMs(a), findSinceMs(b)];
    // Equal ones, the unknown among them, keep their order.
    return first === second ? 0 : first - second;
  });
}

export interface Reached {
  readonly pages: number;
  readonly rows: number;
  readonly unreadable: number;
  /** Where the page stands that is still to be read. */
  readonly at: Round['at'];
  readonly version: string | undefined;
}

/** What the next run is to know of a list that this one could not end. */
export function resumeRound(round: Round, { pages, rows, unreadable, at, version }: Reached): Round {
  const { beganMs, runs } = round;
  const stalls = pages === 0 ? round.stalls + 1 : 0;
  const isLeft = stalls >= maxStalls || at === undefined || at.token.length > longestToken;
  return {
    beganMs,
    runs: pages === 0 ? runs : runs + 1,
    rows: round.rows + rows,
    damaged: round.damaged + unreadable,
    stalls: isLeft ? 0 : stalls,
    ...(isLeft ? {} : { at }),
    ...(version === undefined ? {} : { version }),
  };
}
