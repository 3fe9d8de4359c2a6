/** What a source gets where its state cannot be opened. */
import { expect, test } from 'vitest';
import type { Ledger } from '../../lambda/counters/ledger.ts';
import { StateStoreError } from '../../lambda/counters/stores/store.ts';
import { tryOpenLedger } from '../../lambda/counters/try-open-ledger.ts';

function failWith(error: Error): { readonly openLedger: () => Promise<Ledger> } {
  return { openLedger: () => Promise.reject(error) };
}

test('a store that cannot be used is a problem, at the place and with what is left out', async () => {
  const error = new StateStoreError('auth', 'the table refuses the function');
  expect(await tryOpenLedger(failWith(error), 'toy/main', 'runs are not counted')).toEqual({
    ledger: undefined,
    problems: [{ kind: 'auth', where: 'toy/main', message: 'the table refuses the function; runs are not counted' }],
  });
});

test('without an effect the message is that of the store', async () => {
  const { problems } = await tryOpenLedger(failWith(new StateStoreError('timeout', 'no answer')), 'toy/main');
  expect(problems).toEqual([{ kind: 'timeout', where: 'toy/main', message: 'no answer' }]);
});

test('a bug, or a tick that another invocation has, is thrown on', async () => {
  await expect(tryOpenLedger(failWith(new TypeError('a bug')), 'toy/main')).rejects.toThrow(TypeError);
});
