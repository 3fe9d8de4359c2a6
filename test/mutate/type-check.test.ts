/** Which mutants a compiler would refuse, and the checker that Stryker asks. */
import { describe, expect, it } from 'vitest';
import type { Mutant } from '../../scripts/mutate/choose.ts';
import { strykerPlugins } from '../../scripts/mutate/sample-checker.ts';
import { applyMutant, startTypeCheck } from '../../scripts/mutate/type-check.ts';
import { writeProject } from './project.ts';

const files = {
  'tsconfig.json': JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, module: 'NodeNext', allowImportingTsExtensions: true, types: [] },
    include: ['code', 'other'],
  }),
  'code/kinds.ts':
    "export const kind = 'a' as const;\nexport const limit: number = 3;\nconst inner = 'b' as const;\nexport const isInner = inner.length > 0;\n",
  'code/user.ts':
    "import { kind, limit } from './kinds.ts';\n\nexport const known: 'a' = kind;\nexport const isMany = limit > 2;\n",
  'other/user.ts': "import { limit } from '../code/kinds.ts';\n\nexport const many: number = limit;\n",
};

let ids = 0;

/** The first place of `before` becomes `after`. */
function mutant(fileName: keyof typeof files, before: string, after: string): Mutant {
  const lines = files[fileName].split('\n');
  const line = lines.findIndex((text) => text.includes(before));
  const column = lines[line]?.indexOf(before) ?? -1;
  const location = { start: { line, column }, end: { line, column: column + before.length } };
  ids += 1;
  return { id: String(ids), fileName, mutatorName: 'any', replacement: after, location };
}

describe('startTypeCheck', () => {
  it.each([
    { name: 'accepts another value of the type', change: mutant('code/kinds.ts', '3', '4'), isRight: true },
    { name: 'accepts another operator', change: mutant('code/user.ts', '>', '<='), isRight: true },
    { name: 'refuses another type', change: mutant('code/kinds.ts', '3', "'4'"), isRight: false },
    { name: 'refuses what is no program', change: mutant('code/kinds.ts', '3', '('), isRight: false },
    { name: 'refuses what an importer cannot take', change: mutant('code/kinds.ts', "'a'", "''"), isRight: false },
    { name: 'accepts what no importer sees', change: mutant('code/kinds.ts', "'b'", "''"), isRight: true },
  ])('$name', ({ change, isRight }) => {
    const root = writeProject(files);

    expect(startTypeCheck(root, 'code')(change)).toBe(isRight);
  });

  it('forgets a mutant when the next one comes', () => {
    const compiles = startTypeCheck(writeProject(files), 'code');

    const answers = [
      mutant('code/kinds.ts', '3', '('),
      mutant('code/user.ts', '>', '<'),
      mutant('code/kinds.ts', "'a'", "''"),
      mutant('code/kinds.ts', '3', '4'),
    ].map(compiles);

    expect(answers).toEqual([false, true, false, true]);
  });

  it('looks at importers in the same top folder only', () => {
    const root = writeProject({ ...files, 'code/user.ts': '' });
    const change = mutant('code/kinds.ts', 'limit: number = 3', "limit = '3'");

    expect(startTypeCheck(root, 'code')(change)).toBe(true);
  });

  it('says why there is no configuration', () => {
    expect(() => startTypeCheck(writeProject({ 'tsconfig.json': '{ "include": 1 }' }), 'code')).toThrow('include');
  });
});

describe('applyMutant', () => {
  it('replaces a place that spans lines', () => {
    const location = { start: { line: 0, column: 4 }, end: { line: 2, column: 1 } };

    expect(applyMutant('a = {\n  b,\n};\n', { location, replacement: '{}' })).toBe('a = {};\n');
  });
});

describe('the checker for Stryker', () => {
  it('lets the sample through, and only what type-checks', async () => {
    const changes = [
      mutant('code/kinds.ts', '3', '4'),
      mutant('code/kinds.ts', '3', "'4'"),
      mutant('code/user.ts', '>', '<'),
      mutant('code/user.ts', '>', '>='),
    ];
    const [plugin] = strykerPlugins;
    const checker = plugin?.factory({ sample: { count: 2, seed: 1, root: writeProject(files), topFolder: 'code' } });

    const groups = await checker?.group(changes);
    const checked = (await checker?.check(changes)) ?? {};

    expect(groups).toEqual([changes.map(({ id }) => id)]);
    expect(Object.keys(checked)).toHaveLength(changes.length);
    expect(Object.values(checked).filter(({ status }) => status === 'passed')).toHaveLength(2);
    expect(checked[changes[1]?.id ?? '']).toEqual({ status: 'compileError', reason: 'not in the sample' });
  });
});
