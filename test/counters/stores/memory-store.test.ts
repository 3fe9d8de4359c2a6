import { describe } from 'vitest';
import { memoryStore } from '../../../lambda/counters/stores/memory-store.ts';
import { storeContract } from './contract.ts';

describe('a memory store', () => {
  const store = memoryStore();
  storeContract(() => store, { runs: 100 });
});
