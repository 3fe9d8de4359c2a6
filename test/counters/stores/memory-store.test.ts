/** Tests that the state store in memory keeps the promises of every store. */
import { describe } from 'vitest';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import { storeContract } from './contract.ts';

describe('a memory store', () => {
  const store = createMemoryStateStore();
  storeContract(() => store, { runs: 100 });
});
