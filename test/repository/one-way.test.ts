/** Tests that what many files need is written in one place, so that a correction reaches all of them. */
import { describe, expect, it } from 'vitest';
import { repositoryFiles, textOf } from './files.ts';

const sources = ['lambda', 'infra', 'docs']
  .flatMap((tree) => repositoryFiles(tree))
  .filter((path) => path.endsWith('.ts'));

interface Rule {
  readonly what: string;
  /** The file that holds it. */
  readonly home: string;
  /** What a line looks like that writes it again. */
  readonly copy: RegExp;
  readonly examples: readonly string[];
}

const rules: readonly Rule[] = [
  {
    what: 'the length of a minute, an hour and a day in milliseconds',
    home: 'lambda/model/time.ts',
    copy: /(?<![\d_])(60_?000|3_?600_?000|86_?400_?000)(?![\d_])/,
    examples: ['const minuteMs = 60_000;', 'const keptMs = 24 * 3_600_000;', 'const dayMs = 86400000;'],
  },
  {
    what: 'the hours of a billed month',
    home: 'lambda/model/time.ts',
    copy: /\b730 \*/,
    examples: ['const monthMs = 730 * hourMs;'],
  },
  {
    what: 'the labels that say what a figure is about',
    home: 'lambda/model/catalogue/identity-labels.ts',
    copy: /'system'(,| \|) 'source'/,
    examples: ["  labels: ['system', 'source', 'scope', 'queue'],", "type Scope = 'system' | 'source' | 'scope';"],
  },
  {
    what: 'which kind of problem a status is',
    home: 'lambda/http/errors/status-kind.ts',
    copy: /status === 4\d\d.*(return|\?) '(auth|rate-limited|configuration|rejected)'/,
    examples: ["  if (status === 401 || status === 403) return 'auth';"],
  },
  {
    what: 'a list in chunks',
    home: 'lambda/model/lists/split-chunks.ts',
    copy: /\.slice\((\w+) \* (\w+), \(\1 \+ 1\) \* \2\)/,
    examples: ['    items.slice(index * size, (index + 1) * size),'],
  },
  {
    what: 'the fair share of a deadline',
    home: 'lambda/runtime/map-within-deadline.ts',
    copy: /\.slice\([^)]*1 \/ /,
    examples: ['using own = deadline.slice(1 / Math.ceil((readers.length - index) / clustersAtOnce));'],
  },
];

/** The lines of code that write it again, as `path: line`. */
function findCopies({ home, copy }: Rule): readonly string[] {
  return sources
    .filter((path) => path !== home)
    .flatMap((path) =>
      textOf(path)
        .split('\n')
        .filter((line) => !/^\s*(\/?\*|\/\/)/.test(line) && copy.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
}

describe.each(rules)('$what', (rule) => {
  it('is written in one place', () => {
    expect(findCopies(rule)).toEqual([]);
    expect(sources).toContain(rule.home);
  });

  it.each(rule.examples)('would be found in %s', (line) => {
    expect(line).toMatch(rule.copy);
  });
});
