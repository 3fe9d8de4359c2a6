/** Keeps secrets out of the state, and takes out what an earlier version has left in it. */
import type { Cleaner } from '../../model/text/admit.ts';
import { tryParseJson } from '../../model/text/try-parse-json.ts';
import type { StateStore } from './store.ts';

/** The same store, whose documents hold no secret: not those that are saved, and not those that are read. */
export function cleanStore(store: StateStore, { own }: Pick<Cleaner, 'own'>): StateStore {
  return {
    async load(id, signal) {
      const stored = await store.load(id, signal);
      return stored === undefined ? undefined : { ...stored, body: cleanJson(stored.body, own.redactText) };
    },
    save: (id, { body, before }, signal) => store.save(id, { body: cleanJson(body, own.redactText), before }, signal),
  };
}

type Clean = (text: string) => string;

/**
 * As a whole first: nearly every document holds none, and one pass over it costs less than a walk. The walk then cleans
 * texts and names alone, so that a secret of nothing but digits breaks no number.
 */
function cleanJson(body: string, clean: Clean): string {
  if (clean(body) === body) return body;
  const value = tryParseJson(body);
  return value === undefined ? body : JSON.stringify(cleanCopy(value, clean));
}

function cleanCopy(value: unknown, clean: Clean): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((item) => cleanCopy(item, clean));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [clean(name), cleanCopy(item, clean)]));
}
