import { StateStoreError, type StateStore } from './store.ts';

/** Where no place for state is configured: whoever asks for it is told how to get one. */
export function noStore(remedy: string): StateStore {
  const refuse = (): Promise<never> =>
    Promise.reject(new StateStoreError('configuration', `there is no place for the state of counters; ${remedy}`));
  return { load: refuse, save: refuse };
}
