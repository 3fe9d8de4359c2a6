/** Tests of glob patterns and of the selections `include` and `exclude` that are made of them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchAny, matchSelection } from '../../lambda/settings/glob.ts';

describe('a glob', () => {
  it.each([
    ['linux', 'linux', true],
    ['linux', 'linux-large', false],
    ['linux*', 'linux-large', true],
    ['*large', 'linux-large', true],
    ['*', '', true],
    ['linux?', 'linux', false],
    ['linux?', 'linux1', true],
    ['a.b', 'axb', false],
    ['a+(b)[c]$', 'a+(b)[c]$', true],
    ['?', '😀', true],
    ['a*b', 'a\nb', true],
    ['Linux', 'linux', false],
  ])('%s on %j is %s', (glob, name, expected) => {
    expect(matchAny([glob])(name)).toBe(expected);
  });

  it('without a wildcard stands for itself and nothing else', () => {
    const plain = fc.string({ minLength: 1 }).filter((text) => !/[*?]/.test(text));

    fc.assert(
      fc.property(plain, plain, (glob, name) => {
        expect(matchAny([glob])(name)).toBe(glob === name);
      }),
    );
  });
});

describe('a selection', () => {
  it.each([
    ['everything without lists', {}, ['a', 'b'], ['a', 'b']],
    ['what is included', { include: ['a*'] }, ['a', 'ab', 'b'], ['a', 'ab']],
    ['what is not excluded', { exclude: ['a*'] }, ['a', 'ab', 'b'], ['b']],
    ['what is included and not excluded', { include: ['a*'], exclude: ['ab'] }, ['a', 'ab', 'b'], ['a']],
  ])('allows %s', (_, selection, names, expected) => {
    expect(names.filter(matchSelection(selection))).toEqual(expected);
  });
});
