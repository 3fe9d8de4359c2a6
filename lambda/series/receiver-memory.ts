/** Remembers which series a receiver holds, so that it can be sent a marker when one ends. */
import { HttpStatusError } from '../http/errors/errors.ts';
import { compareText } from '../model/families/order.ts';
import { compareSets, type LabelSet } from './label-set.ts';
import type { NamedSamples, SeriesSample } from './sample.ts';
import type { Settled } from './delivery/reception.ts';
import { minuteMs } from '../model/time.ts';

/**
 * Series whose end is noticed. Each costs some 200 bytes between the runs; beyond this number a series that vanishes
 * fades after the receiver's lookback, as all do after a cold start.
 */
export const maxRemembered = 100_000;

/** A repeated or overlapping run differs by less; more is a clock that was set right, and then the new time counts. */
const maxStepBackMs = 10 * minuteMs;

/** What the sink remembers between warm runs. After a cold start all of it is unknown. */
export interface ReceiverMemory<Sample> {
  /** The timestamp of a run: newer than that of every run before, since receivers refuse a second value for one time. */
  readonly nextTimestamp: (collectedAtMs: number) => number;
  readonly startRun: () => RunMemory<Sample>;
}

/** Compares one run with what the receiver may hold of the runs before. */
export interface RunMemory<Sample> {
  /** The same series, with the label sets that are remembered already in place of equal new ones, to keep one copy. */
  readonly recognise: (named: NamedSamples<Sample>) => readonly Sample[];
  /** Markers for what the receiver may still show and no name recognised so far has. */
  readonly collectMarkers: () => readonly Sample[];
  readonly note: (settled: Settled<Sample>) => void;
  /** Makes what was recognised and noted the memory of the next run. */
  readonly commit: () => void;
}

/** The series of one name that a receiver may hold, sorted. */
interface Held<Family> {
  readonly family: Family;
  readonly sets: readonly LabelSet[];
}

export interface MemorySettings<Family, Sample> {
  /** Whether series whose samples carry times of their own are followed, too. */
  readonly dated: boolean;
  /** A sample that ends a series. */
  readonly markerOf: (labels: LabelSet, family: Family) => Sample;
}

export function createReceiverMemory<Family, Sample extends SeriesSample<Family>>(
  settings: MemorySettings<Family, Sample>,
): ReceiverMemory<Sample> {
  let held: ReadonlyMap<string, Held<Family>> = new Map();
  let lastTimestampMs = -Infinity;
  return {
    nextTimestamp: (collectedAtMs) => {
      const isNewer = collectedAtMs > lastTimestampMs || lastTimestampMs - collectedAtMs > maxStepBackMs;
      lastTimestampMs = isNewer ? collectedAtMs : lastTimestampMs + 1;
      return lastTimestampMs;
    },
    startRun: () =>
      startRunMemory(held, settings, (next) => {
        held = next;
      }),
  };
}

function startRunMemory<Family, Sample extends SeriesSample<Family>>(
  before: ReadonlyMap<string, Held<Family>>,
  { dated, markerOf }: MemorySettings<Family, Sample>,
  commit: (held: ReadonlyMap<string, Held<Family>>) => void,
): RunMemory<Sample> {
  const fresh = new Map<string, Held<Family>>();
  /** Of the names before; a name that is not recognised is gone as a whole. */
  const gone = new Map<string, Held<Family>>(before);
  const notStored = new Set<LabelSet>();
  const ended = new Set<LabelSet>();
  return {
    recognise: ({ name, series }) => {
      const [first] = series;
      if (first === undefined) return series;
      const compared = compare(series, before.get(name)?.sets ?? []);
      // A series whose samples carry their own times ends by them: both specifications ask for no marker then.
      const followed = compared.series.filter(({ timestampMs }) => dated || timestampMs === undefined);
      fresh.set(name, { family: first.family, sets: dropRepeated(followed.map(({ labels }) => labels)) });
      gone.set(name, { family: first.family, sets: compared.gone });
      return compared.series;
    },
    collectMarkers: () =>
      [...gone]
        .sort(([a], [b]) => compareText(a, b))
        .flatMap(([, { family, sets }]) => sets.map((labels) => markerOf(labels, family))),
    note: ({ series, reception }) => {
      for (const { labels, isStale } of series) {
        if (isStale && isOver(reception)) ended.add(labels);
        if (!isStale && !mayBeStored(reception)) notStored.add(labels);
      }
    },
    commit: () => {
      const names = [...new Set([...fresh.keys(), ...gone.keys()])];
      const next = names.map((name): [string, Held<Family> | undefined] => {
        const stored = filterStored(fresh.get(name), before.get(name), notStored);
        return [name, joinHeld(stored, dropEnded(gone.get(name), ended))];
      });
      commit(limitHeld(next));
    },
  };
}

/** A page may have several samples of one series, at different times; they stand side by side. */
function dropRepeated(sorted: readonly LabelSet[]): readonly LabelSet[] {
  return sorted.filter((labels, index) => index === 0 || compareSets(sorted[index - 1] ?? [], labels) !== 0);
}

type Labelled = Pick<SeriesSample<unknown>, 'labels'>;

interface Compared<Sample> {
  readonly series: readonly Sample[];
  readonly gone: readonly LabelSet[];
}

/** Walks two sorted lists side by side: no set of all series is ever built, and nothing is looked up. */
function compare<Sample extends Labelled>(series: readonly Sample[], before: readonly LabelSet[]): Compared<Sample> {
  const gone: LabelSet[] = [];
  let at = 0;
  const known = series.map((one) => {
    for (let old = before[at]; old !== undefined; old = before[at]) {
      const order = compareSets(old, one.labels);
      if (order > 0) return one;
      at += 1;
      if (order === 0) return { ...one, labels: old };
      gone.push(old);
    }
    return one;
  });
  for (let old = before[at]; old !== undefined; old = before[at]) {
    gone.push(old);
    at += 1;
  }
  return { series: known, gone };
}

/** What was not stored now may still be there from before. */
function filterStored<Family>(
  fresh: Held<Family> | undefined,
  before: Held<Family> | undefined,
  notStored: ReadonlySet<LabelSet>,
): Held<Family> | undefined {
  if (fresh === undefined || notStored.size === 0) return fresh;
  const known = new Set(before?.sets);
  return { ...fresh, sets: fresh.sets.filter((labels) => !notStored.has(labels) || known.has(labels)) };
}

function dropEnded<Family>(held: Held<Family> | undefined, ended: ReadonlySet<LabelSet>): Held<Family> | undefined {
  return held === undefined ? undefined : { ...held, sets: held.sets.filter((labels) => !ended.has(labels)) };
}

function joinHeld<Family>(a: Held<Family> | undefined, b: Held<Family> | undefined): Held<Family> | undefined {
  if (a === undefined || b === undefined || b.sets.length === 0) return a ?? b;
  return { family: a.family, sets: [...a.sets, ...b.sets].sort(compareSets) };
}

function limitHeld<Family>(
  names: readonly (readonly [string, Held<Family> | undefined])[],
): ReadonlyMap<string, Held<Family>> {
  const kept = new Map<string, Held<Family>>();
  let room = maxRemembered;
  for (const [name, held] of names) {
    if (held === undefined || held.sets.length === 0 || room === 0) continue;
    const sets = held.sets.length > room ? held.sets.slice(0, room) : held.sets;
    room -= sets.length;
    kept.set(name, { ...held, sets });
  }
  return kept;
}

type AnyReception = Settled<unknown>['reception'];

/** A refused marker would be refused again; a lost one is worth another attempt. */
function isOver({ outcome }: AnyReception): boolean {
  return outcome === 'stored' || outcome === 'partial' || outcome === 'refused';
}

/** A request without an answer may have been stored, and an end too many does no harm. A 4xx says that it was not. */
function mayBeStored(reception: AnyReception): boolean {
  switch (reception.outcome) {
    case 'stored':
    case 'partial':
      return true;
    case 'undelivered':
      return !(reception.error instanceof HttpStatusError && reception.error.status < 500);
    case 'refused':
    case 'unsent':
      return false;
  }
}
