/** Labels of an exemplar fit as a whole or are left out. */
import { expect, test } from 'vitest';
import { maxExemplarCharacters, measureLabels, pickExemplar } from '../../lambda/model/exemplar.ts';

const long = 'x'.repeat(maxExemplarCharacters - 'url'.length);

test('names and values count, by code points', () => {
  expect(measureLabels([['url', 'ab']])).toBe(5);
  expect(measureLabels([['url', '🚀']])).toBe(4);
});

test('128 characters fit, and one more does not', () => {
  expect(pickExemplar([{ url: long }], 1)).toEqual({ labels: { url: long }, timestampMs: 1 });
  expect(pickExemplar([{ url: `${long}x` }], 1)).toBeUndefined();
});

test('the first that fits is taken, and nothing of another', () => {
  const chosen = pickExemplar([{ url: `${long}x`, commit: 'abc' }, { commit: 'abc' }, { commit: 'a' }], 1);
  expect(chosen?.labels).toEqual({ commit: 'abc' });
});

test('empty labels are left out, and nothing is left of only those', () => {
  expect(pickExemplar([{ url: '', commit: 'abc' }], 1)?.labels).toEqual({ commit: 'abc' });
  expect(pickExemplar([{ url: '' }], 1)).toBeUndefined();
});
