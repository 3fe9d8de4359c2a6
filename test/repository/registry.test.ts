/** Tests that each source and sink is registered, documented and has an example. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import { version } from '../../lambda/version.ts';
import { sinks } from '../../lambda/sinks/index.ts';
import { sources } from '../../lambda/sources/index.ts';
import { repositoryFiles, root, textOf } from './files.ts';

const plugins = [
  { list: 'sources', word: 'Source', kinds: sources.map(({ kind }): string => kind) },
  { list: 'sinks', word: 'Sink', kinds: sinks.map(({ kind }): string => kind) },
] as const;

function foldersIn(path: string): readonly string[] {
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

describe.each(plugins)('the registry of $list', ({ list, word, kinds }) => {
  it('has each folder, in the order of the alphabet', () => {
    expect(kinds).toEqual([...foldersIn(`lambda/${list}`)].sort());
  });

  describe.each([...kinds])('%s', (kind) => {
    it('says in a README what it does, and is named in the one of the project', () => {
      const heading = textOf(`lambda/${list}/${kind}/README.md`).split('\n')[0];

      expect(heading).toBe(`# ${word} \`${kind}\``);
      expect(textOf('README.md')).toContain(`](lambda/${list}/${kind}/README.md)`);
    });

    it('has an example that can be used as it is, and shows this kind', () => {
      const file = `lambda/${list}/${kind}/example.yaml`;

      const config = parseConfig(textOf(file), { file, environment: environmentFor(kind) });

      expect(config[list].map((entry) => entry['kind'])).toContain(kind);
    });

    it('has tests of its own, besides the contract', () => {
      const folder = `test/${list}/${kind}`;
      const tests = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];

      expect(tests.filter((name) => name.endsWith('.test.ts'))).not.toEqual([]);
      expect(textOf('test/contracts/subjects.ts')).toMatch(new RegExp(`^  '?${kind}'?: {`, 'm'));
    });
  });
});

/** A file on a disk is for the terminal, and so is what listens. */
function environmentFor(kind: string): 'lambda' | 'terminal' {
  return ['file', 'scrape-page', 'stdout'].includes(kind) ? 'terminal' : 'lambda';
}

describe('the repository', () => {
  it('has one version', () => {
    expect(JSON.parse(textOf('package.json'))).toMatchObject({ version });
    expect(JSON.parse(textOf('package-lock.json'))).toMatchObject({ version, packages: { '': { version } } });
  });

  it('names no place of one machine', () => {
    const place = /(?<![\w.~-])\/(?:work|home|Users|root|var\/folders)\/(?=\w)/;

    const found = repositoryFiles().flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, index) => (place.test(line) ? [`${file}:${String(index + 1)}: ${line.trim()}`] : [])),
    );

    expect(found).toEqual([]);
  });

  it('leaves no note about work that is still to be done', () => {
    const note = /\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/;

    const found = repositoryFiles().filter((file) => /\.(ts|md|yaml|js|cjs)$/.test(file) && note.test(textOf(file)));

    expect(found).toEqual([]);
  });
});
