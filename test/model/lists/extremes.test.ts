/** Tests of the least and greatest of very long lists, and of appending to them. */
import { describe, expect, it } from 'vitest';
import { append } from '../../../lambda/model/lists/append.ts';
import { findGreatest, findLeast } from '../../../lambda/model/lists/extremes.ts';

/** More than a call can have arguments. */
const many = Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 300_000);

describe('the extremes of a list', () => {
  it('are unknown where there is no value', () => {
    expect([findLeast([]), findGreatest([])]).toEqual([undefined, undefined]);
  });

  it('are found among any number of values', () => {
    expect([findLeast(many), findGreatest(many)]).toEqual([0, 299_999]);
    expect([findLeast([-3, -7, -5]), findGreatest(new Set([-3, -7, -5]))]).toEqual([-7, -3]);
  });
});

describe('append', () => {
  it('adds any number of elements to the end', () => {
    const list = [1];

    append(list, many);

    expect([list.length, list[0], list[1], list.at(-1)]).toEqual([300_001, 1, many[0], many.at(-1)]);
  });
});
