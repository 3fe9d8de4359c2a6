/** Reads the texts of the stores and keeps them for a while; reads of one text at the same time share a call. */
import { watchAbort } from '../runtime/abort.ts';
import { failRead, type ReadOutcome, type SecretStore } from './stores/secret-store.ts';
import { createTextCache, formatKey, type Address, type StoreName, type TextCacheOptions } from './text-cache.ts';

export interface CachedReaderOptions extends TextCacheOptions {
  readonly stores: Readonly<Record<StoreName, SecretStore>>;
}

export interface CachedReader {
  startRun(): void;
  read(address: Address, signal: AbortSignal): Promise<ReadOutcome>;
  /** Reads those that are due, together; failures show where the texts are used. */
  readAhead(addresses: readonly Address[], signal: AbortSignal): Promise<void>;
  /** Past the cache. */
  readAnew(address: Address, signal: AbortSignal): Promise<ReadOutcome>;
  /** What is cached, however old. */
  peek(address: Address): string | undefined;
}

type Outcomes = ReadonlyMap<string, ReadOutcome>;

/** Texts of the stores, kept for a while; concurrent reads of one text share a call. */
export function createCachedReader({ stores, ...options }: CachedReaderOptions): CachedReader {
  const cache = createTextCache(options);
  const inFlight = new Map<string, Promise<ReadOutcome>>();

  async function readStore(store: StoreName, ids: readonly string[], signal: AbortSignal): Promise<Outcomes> {
    try {
      return await stores[store].read(ids, signal);
    } catch (error) {
      // Only a store that cannot even be loaded rejects; its message may quote anything, its name does not.
      const outcome = failRead('unavailable', error instanceof Error ? error.name : undefined);
      return new Map(ids.map((id) => [id, outcome]));
    }
  }

  function startGroup(
    store: StoreName,
    group: readonly Address[],
    signal: AbortSignal,
  ): readonly Promise<ReadOutcome>[] {
    const ids = group.map(({ id }) => id);
    const answers = readStore(store, ids, signal);
    return group.map((address) => {
      const key = formatKey(address);
      const reading = answers.then((outcomes) => {
        if (inFlight.get(key) === reading) inFlight.delete(key);
        return cache.record(address, outcomes.get(address.id) ?? failRead('unavailable'));
      });
      inFlight.set(key, reading);
      return waitForReading(reading, signal);
    });
  }

  async function startOne(address: Address, signal: AbortSignal): Promise<ReadOutcome> {
    const [reading] = startGroup(address.store, [address], signal);
    return (await reading) ?? failRead('unavailable');
  }

  return {
    startRun: () => {
      cache.startRun();
    },
    async read(address, signal) {
      const known = cache.getFresh(address);
      if (known !== undefined) return known;
      const shared = inFlight.get(formatKey(address));
      if (shared === undefined) return startOne(address, signal);
      const outcome = await waitForReading(shared, signal);
      // The caller who began the shared read gave up; this one still has time.
      return isAborted(outcome) && !signal.aborted ? startOne(address, signal) : outcome;
    },
    async readAhead(addresses, signal) {
      const unique = [...new Map(addresses.map((address) => [formatKey(address), address])).values()];
      const due = unique.filter(
        (address) => cache.getFresh(address) === undefined && !inFlight.has(formatKey(address)),
      );
      const groups = [...Map.groupBy(due, ({ store }) => store)];
      await Promise.all(groups.flatMap(([store, group]) => startGroup(store, group, signal)));
    },
    readAnew: startOne,
    peek: (address) => cache.peek(address),
  };
}

function isAborted(outcome: ReadOutcome): boolean {
  return 'problem' in outcome && outcome.problem.reason === 'aborted';
}

/** A shared read ends with its first caller's signal; every other caller waits no longer than its own. */
async function waitForReading(reading: Promise<ReadOutcome>, signal: AbortSignal): Promise<ReadOutcome> {
  using abort = watchAbort(signal);
  return await Promise.race([reading, abort.happened.then(() => failRead('aborted'))]);
}
