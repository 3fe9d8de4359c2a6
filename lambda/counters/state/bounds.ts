/** Holds the state of a source to its bounds, so that no CI system can make it grow for ever. */
import type { State, StreamState } from './state.ts';

export interface Bounds {
  readonly streams: number;
  readonly open: number;
  readonly lost: number;
  readonly seen: number;
  readonly remembered: number;
  readonly rememberedCharacters: number;
}

/**
 * Of one source. The table takes 22 MB compressed, and each of these is far below that and far above what is known:
 * two streams for each of 10,000 repositories, 90 bytes an open run, 27 bytes a finish (10,000 an hour for 20 hours that
 * a list could not be read), and 2 MB for the repositories of the largest workspace.
 */
export const usualBounds: Bounds = {
  streams: 30_000,
  open: 50_000,
  lost: 50_000,
  seen: 200_000,
  remembered: 30_000,
  rememberedCharacters: 5_000_000,
};

/** What was dropped. */
export interface DroppedEntries {
  /** Runs that are looked for no longer. */
  readonly runs: number;
  /** Everything, these runs included. */
  readonly entries: number;
}

/** Holds a state to its bounds at the end of a tick; what was used, seen or written longest ago is dropped first. */
export function holdToBounds({ streams, remembered }: State, tickMs: number, bounds = usualBounds): DroppedEntries {
  let runs = 0;
  let entries = 0;
  for (const [name, { open }] of pickOldest([...streams], bounds.streams, ([, { lastUsedMs: lookedMs }]) => lookedMs)) {
    streams.delete(name);
    runs += open.size;
    entries += 1;
  }
  for (const [{ open, lost }, id] of pickOldest(
    collectOpenRuns(streams),
    bounds.open,
    ([, , firstSeenMs]) => firstSeenMs,
  )) {
    open.delete(id);
    // A list that shows it for ever must not open it anew, to lose it once more.
    lost.set(id, tickMs);
    runs += 1;
    entries += 1;
  }
  for (const kind of ['lost', 'seen'] as const) {
    for (const [map, key] of pickOldest(collectTimes(streams, kind), bounds[kind], ([, , timeMs]) => timeMs)) {
      map.delete(key);
      entries += 1;
    }
  }
  for (const name of [...remembered.keys()].slice(0, Math.max(0, remembered.size - bounds.remembered))) {
    remembered.delete(name);
    entries += 1;
  }
  return { runs, entries };
}

/** Whether a value is more than one source may remember under one name. */
export function isTooLarge(value: unknown, { rememberedCharacters }: Bounds = usualBounds): boolean {
  return JSON.stringify(value ?? null).length > rememberedCharacters;
}

/** What is beyond the bound, by its time. */
function pickOldest<Entry>(
  entries: readonly Entry[],
  most: number,
  timeOf: (entry: Entry) => number,
): readonly Entry[] {
  if (entries.length <= most) return [];
  return entries.toSorted((a, b) => timeOf(a) - timeOf(b)).slice(0, entries.length - most);
}

type Streams = ReadonlyMap<string, StreamState>;

function collectOpenRuns(streams: Streams): readonly (readonly [StreamState, string, number])[] {
  return [...streams.values()].flatMap((stream) =>
    [...stream.open].map(([id, { firstSeenMs }]) => [stream, id, firstSeenMs] as const),
  );
}

function collectTimes(
  streams: Streams,
  kind: 'lost' | 'seen',
): readonly (readonly [Map<string, number>, string, number])[] {
  return [...streams.values()].flatMap((stream) =>
    [...stream[kind]].map(([key, timeMs]) => [stream[kind], key, timeMs] as const),
  );
}
