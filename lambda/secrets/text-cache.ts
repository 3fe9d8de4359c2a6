/** Keeps the texts that stores answered for a while, and longer while a store cannot be reached. */
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { ReadProblem, ReadOutcome } from './stores/secret-store.ts';
import { hourMs } from '../model/time.ts';

export type StoreName = 'secret' | 'parameter' | 'env' | 'file';

/** One stored text; several references may mean different members of it. */
export interface Address {
  readonly store: StoreName;
  readonly id: string;
}

export function formatKey({ store, id }: Address): string {
  return `${store}:${id}`;
}

export interface TextCacheOptions {
  readonly clock: Clock;
  readonly cacheMs: number;
  readonly log: Logger;
}

export interface TextCache {
  startRun(): void;
  /** What serves without asking the store: a text that is fresh, or this run's problem. */
  getFresh(address: Address): ReadOutcome | undefined;
  /** Keeps what a store answered, and gives what the caller gets. */
  record(address: Address, outcome: ReadOutcome): ReadOutcome;
  /** What is cached, however old. */
  peek(address: Address): string | undefined;
}

/**
 * How long beyond its time a cached text serves while its store cannot be reached: an outage of the store must not
 * stop the metrics, and a token that was revoked meanwhile is refused by its own server anyway. An hour bounds how
 * long a process relies on a text that was not confirmed since.
 */
export const staleGraceMs = hourMs;

interface Entry {
  readonly text: string;
  readonly readAtMs: number;
  /** The run that read it or decided to keep using it; it serves this run whatever its age. */
  readonly run: number;
}

export function createTextCache({ clock, cacheMs, log }: TextCacheOptions): TextCache {
  const entries = new Map<string, Entry>();
  /** Problems of this run that asking again within the run cannot mend. */
  const refusals = new Map<string, ReadOutcome>();
  let run = 0;

  /** The distance, either way: after a clock was set back the true age of a text is unknown. */
  function computeAge({ readAtMs }: Entry): number {
    return Math.abs(clock() - readAtMs);
  }

  function keepStale(address: Address, problem: ReadProblem): ReadOutcome | undefined {
    const entry = entries.get(formatKey(address));
    if (entry === undefined) return undefined;
    const ageMs = computeAge(entry);
    if (ageMs >= cacheMs + staleGraceMs) return undefined;
    entries.set(formatKey(address), { ...entry, run });
    const { reason, detail } = problem;
    log.warn('a secret could not be refreshed; its cached value serves on', {
      ...address,
      ageSeconds: Math.round(ageMs / 1000),
      reason,
      detail,
    });
    return { text: entry.text };
  }

  return {
    startRun() {
      run += 1;
      refusals.clear();
    },
    getFresh(address) {
      const entry = entries.get(formatKey(address));
      if (entry === undefined) return refusals.get(formatKey(address));
      return entry.run === run || computeAge(entry) < cacheMs ? { text: entry.text } : undefined;
    },
    record(address, outcome) {
      const key = formatKey(address);
      if ('text' in outcome) {
        entries.set(key, { text: outcome.text, readAtMs: clock(), run });
        refusals.delete(key);
        return outcome;
      }
      const { reason } = outcome.problem;
      // A store that hangs is as unreachable as one that says so; its reader was only cut off.
      if (reason === 'unavailable' || reason === 'aborted') return keepStale(address, outcome.problem) ?? outcome;
      // The store says that the value is gone or no longer ours: a cached copy must not outlive that.
      entries.delete(key);
      refusals.set(key, outcome);
      return outcome;
    },
    peek: (address) => entries.get(formatKey(address))?.text,
  };
}
