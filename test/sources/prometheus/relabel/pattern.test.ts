/** Patterns of relabelling match as Prometheus' do, in bounded time. */
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { estimateSteps } from '../../../../lambda/sources/prometheus/relabel/pattern-size.ts';
import { compilePattern, PatternError } from '../../../../lambda/sources/prometheus/relabel/pattern.ts';

/**
 * Random patterns and texts with what Go 1.26 finds by `^(?s:…)$`, as Prometheus 3 compiles them: pattern, text and
 * groups, `null` for no match; pattern and `null` for what Go refuses.
 */
const ofGo = z
  .array(
    z.union([
      z.tuple([z.string(), z.null()]),
      z.tuple([z.string(), z.string(), z.array(z.string().nullable()).nullable()]),
    ]),
  )
  .parse(
    JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/prometheus/patterns-of-go.json'), 'utf8')),
  );

describe('a pattern of relabelling', () => {
  it.each([
    ['(.*)', 'a', ['a', 'a']],
    ['', '', ['']],
    ['a|bc', 'bc', ['bc']],
    ['a|ab', 'ab', ['ab']],
    ['a', 'ab', undefined],
    ['^a$', 'a', ['a']],
    ['(a+)(b*)c?', 'aab', ['aab', 'aa', 'b']],
    ['(a+?)(a*)', 'aaa', ['aaa', 'a', 'aa']],
    ['(?:x|(y))z', 'xz', ['xz', undefined]],
    ['[^0-9]+', 'é😀', ['é😀']],
    [String.raw`\d+\.\w*`, '12.x', ['12.x']],
    ['(?i)ABC', 'abc', ['abc']],
    ['a(?i:B)c', 'abc', ['abc']],
    ['a(?i)bc', 'aBC', ['aBC']],
    ['[[:alpha:]]+', 'ab', ['ab']],
    [String.raw`\p{Greek}+`, 'αβ', ['αβ']],
    ['(?P<host>[^:]+):(?<port>[0-9]+)', 'h:80', ['h:80', 'h', '80']],
    ['a.b', 'a\nb', ['a\nb']],
  ])('%s of %j is %j', (pattern, text, groups) => {
    expect(compilePattern(pattern).match(text)?.groups).toEqual(groups);
  });

  it('knows the numbers of its named groups', () => {
    expect([...compilePattern('(a)(?P<host>b)(?<port>c)').names]).toEqual([
      ['host', 2],
      ['port', 3],
    ]);
  });

  it('finds and refuses what Go does', () => {
    const found = ofGo.map(([pattern, text]) => {
      if (text !== null)
        return (
          compilePattern(pattern)
            .match(text)
            ?.groups.map((group) => group ?? null) ?? null
        );
      expect(() => compilePattern(pattern)).toThrow(PatternError);
      return undefined;
    });

    expect(ofGo.length).toBeGreaterThan(200);
    expect(found).toEqual(ofGo.map(([, , groups]) => groups));
  });

  it.each([
    '(a+)+b',
    '(a|a)*b',
    '(.*)*x',
    '(a*)*b',
    '(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b',
    '(a?){60}a{60}b',
    '((?:a?){20}){20}b',
  ])('is done with a long text, whatever it is: %s', (source) => {
    // A backtracking engine needs longer than the universe has for these.
    expect(compilePattern(source).match('a'.repeat(4096))).toBeUndefined();
  });

  it('matches a text of 4,096 characters, and leaves a longer one alone', () => {
    const pattern = compilePattern('(a*)');

    expect(pattern.match('a'.repeat(4096))?.groups[1]).toHaveLength(4096);
    expect(pattern.match('a'.repeat(4097))).toBeUndefined();
  });

  it.each([
    ['a(', 'missing closing )'],
    ['a)|(b', 'unexpected )'],
    ['b[a', 'missing closing ]: "[a" at character 2'],
    ['[b-a]', 'invalid character class range: "b-a" at character 2'],
    ['*a', 'missing argument to repetition operator: "*" at character 1'],
    ['a**', 'invalid nested repetition operator: "**" at character 2'],
    ['a{3,2}', 'invalid repeat count: "{3,2}" at character 2'],
    ['a{1001}', 'invalid repeat count: "{1001}" at character 2'],
    ['b(?=a)', 'invalid or unsupported Perl syntax: "(?=" at character 2; RE2 has no look-around'],
    ['b(?<!a)', 'invalid named capture: "(?<!a)" at character 2; RE2 has no look-around'],
    [String.raw`(a)\1`, String.raw`invalid escape sequence: "\1" at character 4; RE2 has no back-references`],
    [String.raw`\1\1`, String.raw`invalid escape sequence: "\1"; RE2 has no back-references`],
    [`b[${'a'.repeat(60)}`, `missing closing ]: "[${'a'.repeat(39)}…" at character 2`],
  ])('%s is refused and says why and where', (source, reason) => {
    expect(() => compilePattern(source)).toThrow(new PatternError(reason));
  });

  it('throws only its own error, for any text', () => {
    const pieces = fc.array(fc.constantFrom('a', '(', ')', '[', ']', '\\', '{2}', '*', '?', '^', '-', 'p', '|', 'é'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((all) => all.join('')),
        ),
        fc.string(),
        (source, text) => {
          try {
            compilePattern(source).match(text);
          } catch (error) {
            expect(error).toBeInstanceOf(PatternError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the size of a pattern', () => {
  it.each([
    'a{0,1000}',
    '(?:ab?){700}',
    '((a{10}){10}){20}',
    '((a{100}){100}){100}',
    '(?:(?:(?:a){1000}){1000}){1000}',
    'a{1000}b{1000}c{1000}',
    String.raw`(?:\pL?){200}`,
    '[)(]{1000}[(]{1000}a',
  ])('is too large before anything is built: %s', (source) => {
    expect(() => compilePattern(source)).toThrow(/too large: .* lower the counts/);
  });

  it.each(['(?:a|b){450}', '[a-z0-9-]{1,63}(?:[.][a-z0-9-]{1,63}){0,6}', '((a{10}){10}){10}', '(?:a?){900}'])(
    'leaves room for what rules have: %s',
    (source) => {
      expect(compilePattern(source).match('')?.groups[0]).toBe(source.endsWith('?){900}') ? '' : undefined);
    },
  );

  it('is never taken for smaller than the program becomes', () => {
    const atom = fc.constantFrom(
      ...['a', '.', '[ab]', '[]a]', '[^]a]', '[[:alpha:]]', String.raw`\pL`, String.raw`\p{Greek}`, String.raw`\Q(a\E`],
      ...[String.raw`\(`, '[(]', '(?i)', '(?i:k)', '^', String.raw`\b`, '{', '}', ''],
    );
    const count = fc.constantFrom('', '', '*', '+', '?', '*?', '{3}', '{2,}', '{0,3}', '{1,4}?', '{0}');
    const pattern = fc.letrec<{ all: string; part: string }>((tie) => ({
      all: fc.array(fc.tuple(tie('part'), count), { maxLength: 4 }).map((parts) => parts.flat().join('')),
      part: fc.oneof(
        { maxDepth: 4 },
        atom,
        tie('all').map((text) => `(${text})`),
        fc.tuple(tie('all'), tie('all')).map(([a, b]) => `(?:${a}|${b})`),
        tie('all').map((text) => `(?P<n>${text})`),
      ),
    })).all;
    // Beginning, end and failure are steps of every program.
    const ofAll = 4;
    fc.assert(
      fc.property(pattern, (source) => {
        fc.pre(canCompile(source));
        expect(estimateSteps(source) + ofAll).toBeGreaterThanOrEqual(RE2JS.compile(source, RE2JS.DOTALL).programSize());
      }),
      { numRuns: 2000 },
    );
  });
});

function canCompile(source: string): boolean {
  try {
    compilePattern(source);
    return true;
  } catch {
    return false;
  }
}
