/** What is counted of Stryker's report, and how it is printed. */
import { describe, expect, it } from 'vitest';
import { readOutcome } from '../../scripts/mutate/report.ts';
import { outcomeText } from '../../scripts/mutate/table.ts';

const source = 'const few = count < 3;\nconst all = list.filter(\n  isGood,\n);\n';
const less = { start: { line: 1, column: 13 }, end: { line: 1, column: 22 } };
const filter = { start: { line: 2, column: 13 }, end: { line: 4, column: 2 } };

function mutant(status: string, location = less, replacement = 'count <= 3'): object {
  return { id: '1', mutatorName: 'any', status, location, replacement };
}

function read(...mutants: readonly object[]): ReturnType<typeof readOutcome> {
  const report = { schemaVersion: '2', files: { 'lambda/a.ts': { language: 'typescript', source, mutants } } };
  return readOutcome(JSON.stringify(report), { place: 'lambda', seed: 7 });
}

describe('readOutcome', () => {
  it('counts what the tests noticed, and leaves out what is not in the sample', () => {
    const statuses = [
      'Killed',
      'Killed',
      'RuntimeError',
      'Timeout',
      'Survived',
      'NoCoverage',
      'CompileError',
      'Ignored',
    ];

    const { survivors, ...counts } = read(...statuses.map((status) => mutant(status)));

    expect(counts).toEqual({ place: 'lambda', seed: 7, population: 8, mutants: 6, killed: 3, timedOut: 1 });
    expect(survivors.map(({ isCovered }) => isCovered)).toEqual([true, false]);
  });

  it('shows what stood there and what took its place, on one line', () => {
    const { survivors } = read(mutant('Survived'), mutant('Survived', filter, 'list'));

    expect(survivors).toEqual([
      { file: 'lambda/a.ts', line: 1, before: 'count < 3', after: 'count <= 3', isCovered: true },
      { file: 'lambda/a.ts', line: 2, before: 'list.filter( isGood, )', after: 'list', isCovered: true },
    ]);
  });

  it('shows nothing in the place of what was taken away', () => {
    const [survivor] = read({ mutatorName: 'any', status: 'Survived', location: less }).survivors;

    expect(survivor).toMatchObject({ before: 'count < 3', after: '' });
  });

  it('cuts what is longer than 100 characters', () => {
    const [exact] = read(mutant('Survived', less, 'x'.repeat(100))).survivors;
    const [long] = read(mutant('Survived', less, 'x'.repeat(101))).survivors;

    expect(exact?.after).toBe('x'.repeat(100));
    expect(long?.after).toBe(`${'x'.repeat(100)}…`);
  });

  it('refuses a report of a run that did not end', () => {
    expect(() => read(mutant('Killed'), mutant('Pending'))).toThrow('did not run 1 mutants');
  });
});

describe('outcomeText', () => {
  it('is a row of a table and a line for each survivor', () => {
    const outcome = read(mutant('Killed'), mutant('Timeout'), mutant('Survived'), mutant('NoCoverage', filter, 'list'));

    expect(outcomeText(outcome).split('\n')).toEqual([
      '| Folder | Mutants | Killed | Timed out | Survived | Share | Seed |',
      '| ------ | ------: | -----: | --------: | -------: | ----: | ---: |',
      '| lambda |       4 |      1 |         1 |        2 |  50 % |    7 |',
      'lambda/a.ts:1 count < 3 → count <= 3',
      'lambda/a.ts:2 list.filter( isGood, ) → list (no test runs it)',
    ]);
  });

  it('never rounds a share up to a mark that was missed', () => {
    const killed = Array.from({ length: 199 }, () => mutant('Killed'));

    expect(outcomeText(read(...killed, mutant('Survived')))).toContain(' 99 % ');
  });
});
