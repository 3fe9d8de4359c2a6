import { compareText } from '../../model/order.ts';
import { type Series, type SeriesFamily, type SeriesOfBatch, staleMarker } from './series.ts';

/**
 * Series whose end is noticed. Each costs some 200 bytes between the runs; beyond this number a series that vanishes
 * fades after the receiver's lookback, as all do after a cold start.
 */
export const maxRemembered = 100_000;

/** A repeated or overlapping run differs by less; more is a clock that was set right, and then the new time counts. */
const maxStepBackMs = 10 * 60_000;

/** Prometheus sends metadata each minute; it hardly ever changes, and a receiver keeps it for longer than this. */
export const metadataEveryMs = 5 * 60_000;

/** What became of the series of a run. A series in neither list was not sent, or nobody knows what became of it. */
export interface Outcome {
  /** Certainly or possibly stored. */
  readonly held: readonly Series[];
  /** Stale markers that need no second attempt: stored, or refused for what they are. */
  readonly ended: readonly Series[];
}

/** What the sink remembers between warm runs. After a cold start all of it is unknown. */
export interface Memory {
  /** The timestamp of a run: newer than that of every run before, since receivers refuse a second value for one time. */
  readonly nextTimestamp: (collectedAtMs: number) => number;
  /** Markers for what a receiver may still show and this run does not have. */
  readonly markersFor: (fresh: Pick<SeriesOfBatch, 'has'>) => readonly Series[];
  readonly remember: (outcome: Outcome) => void;
  readonly isMetadataDue: (timestampMs: number) => boolean;
  readonly metadataSent: (timestampMs: number) => void;
  /** For a receiver that refuses metadata. */
  readonly neverSendMetadata: () => void;
}

export function createMemory(): Memory {
  /** By series key. Not the series themselves: keys and shared families take a third of the space. */
  const held = new Map<string, SeriesFamily>();
  let lastTimestampMs = -Infinity;
  let metadataDueAtMs = -Infinity;
  return {
    nextTimestamp: (collectedAtMs) => {
      const isNewer = collectedAtMs > lastTimestampMs || lastTimestampMs - collectedAtMs > maxStepBackMs;
      lastTimestampMs = isNewer ? collectedAtMs : lastTimestampMs + 1;
      return lastTimestampMs;
    },
    markersFor: (fresh) => {
      const markers: Series[] = [];
      for (const [key, family] of held) if (!fresh.has(key)) markers.push(staleMarker(key, family));
      return markers.sort((a, b) => compareText(a.key, b.key));
    },
    remember: (outcome) => {
      for (const { key } of outcome.ended) held.delete(key);
      for (const { key, family } of outcome.held) {
        if (held.size < maxRemembered || held.has(key)) held.set(key, family);
      }
    },
    isMetadataDue: (timestampMs) => timestampMs >= metadataDueAtMs,
    metadataSent: (timestampMs) => {
      metadataDueAtMs = timestampMs + metadataEveryMs;
    },
    neverSendMetadata: () => {
      metadataDueAtMs = Infinity;
    },
  };
}
