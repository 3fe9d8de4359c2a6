/** Keeps state in the memory of the process, for tests, the demo and price estimates. */
import type { StateStore, StoredDocument } from './store.ts';

/** State in the memory of the process, with the same rules as the durable stores; gone with the process. */
export function createMemoryStateStore(): StateStore {
  const documents = new Map<string, StoredDocument>();
  return {
    load: (id) => Promise.resolve(documents.get(id)),
    save: (id, { body, before }) => {
      if ((documents.get(id)?.version ?? 0) !== before) return Promise.resolve('overtaken');
      documents.set(id, { version: before + 1, body });
      return Promise.resolve('saved');
    },
  };
}
