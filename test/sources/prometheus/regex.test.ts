import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../lambda/sources/prometheus/regex.ts';
import { PatternError } from '../../../lambda/sources/prometheus/regex-parse.ts';

describe('a pattern of relabelling', () => {
  it.each([
    ['(.*)', 'a', ['a', 'a']],
    ['', '', ['']],
    ['a|bc', 'bc', ['bc']],
    ['a', 'ab', undefined],
    ['^a$', 'a', ['a']],
    ['(a+)(b*)c?', 'aab', ['aab', 'aa', 'b']],
    ['(a+?)(a*)', 'aaa', ['aaa', 'a', 'aa']],
    ['(?:x|(y))z', 'xz', ['xz', undefined]],
    ['[a-c_]{2,3}', 'ab_', ['ab_']],
    ['[^0-9]+', 'é😀', ['é😀']],
    [String.raw`\d+\.\w*`, '12.x', ['12.x']],
    ['(?i)ABC', 'abc', ['abc']],
    ['(?P<host>[^:]+):(?<port>[0-9]+)', 'h:80', ['h:80', 'h', '80']],
    ['a.b', 'a\nb', undefined],
    ['(a*)*', 'aaa', ['aaa', 'aaa']],
  ])('%s of %j is %j', (pattern, text, groups) => {
    expect(compilePattern(pattern).match(text)?.groups).toEqual(groups);
  });

  it('finds what JavaScript finds, for patterns that both have', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a)', '(b|a)', '(?:ab)', String.raw`\w`);
    const pattern = fc
      .array(fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '*?', '{1,2}')), { minLength: 1, maxLength: 5 })
      .chain((parts) => {
        const text = parts.map((part) => part.join('')).join('');
        return fc.constantFrom(text, `${text}|b`, `(${text})`);
      });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        const expected = new RegExp(`^(?:${source})$`, 'u').exec(given);
        expect(compilePattern(source).match(given)?.groups).toEqual(expected === null ? undefined : [...expected]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['(a*)*b', '(a|a)*b', '(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b', '(a?){60}a{60}b'])(
    'is done with a long text, whatever it is: %s',
    (source) => {
      // A backtracking engine needs longer than the universe has for these.
      expect(compilePattern(source).match('a'.repeat(2000))).toBeUndefined();
    },
  );

  it('leaves a text alone that is longer than any label', () => {
    expect(compilePattern('a*').match('a'.repeat(5000))).toBeUndefined();
  });

  it.each([
    ['(', /missing "\)"/],
    [')', /unexpected "\)"/],
    ['[a', /missing "]"/],
    ['[b-a]', /bad range/],
    ['*a', /nothing to repeat/],
    ['a**', /repetition of a repetition/],
    ['a{3,2}', /repeat count/],
    ['a{1001}', /repeat count/],
    ['(?=a)', /look-around/],
    ['(?<!a)', /look-behind/],
    [String.raw`(a)\1`, /back-references/],
    ['[[:alpha:]]', /alpha/],
    ['((a{100}){100}){100}', /too large/],
    ['(?:(?:(?:){1000}){1000}){1000}', /too large/],
  ])('%s is refused and says why', (source, reason) => {
    expect(() => compilePattern(source)).toThrow(PatternError);
    expect(() => compilePattern(source)).toThrow(reason);
  });

  it('throws only its own error, for any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 20 }), (source, text) => {
        try {
          compilePattern(source).match(text);
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
