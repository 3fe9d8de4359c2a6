/** Takes the place of the ledger for a source that counts nothing. */
import { StateStoreError } from '../../lambda/counters/stores/store.ts';

/** For a source that counts nothing: asking for its memory fails as it does where no store is configured. */
export function withoutLedger(): Promise<never> {
  return Promise.reject(new StateStoreError('configuration', 'this test has no state store'));
}
