/** A store that refuses everything, for a process in which no store is configured. */
import { StateStoreError, type StateStore } from './store.ts';

/** Every load and save is refused with an error that says how to configure a store. */
export function createMissingStateStore(remedy: string): StateStore {
  const refuse = (): Promise<never> =>
    Promise.reject(new StateStoreError('configuration', `there is no place for the state of counters; ${remedy}`));
  return { load: refuse, save: refuse };
}
