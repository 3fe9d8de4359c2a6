import { describe } from 'vitest';
import { memoryStore } from '../../../lambda/counters/memory-store.ts';
import { storeContract } from './contract.ts';

describe('a memory store', () => {
  const store = memoryStore();
  storeContract(() => store, { runs: 100 });
});
