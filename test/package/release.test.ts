/** Tests of what a release writes into the texts that name the version. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseVersion, dateChangelog, replaceVersion } from '../../scripts/release/new-version.ts';
import { version } from '../../lambda/version.ts';

const root = join(import.meta.dirname, '../..');

describe('the next version', () => {
  it.each([
    ['patch', '1.2.4'],
    ['minor', '1.3.0'],
    ['major', '2.0.0'],
    ['1.2.10', '1.2.10'],
    ['1.10.0', '1.10.0'],
    ['2.0.0', '2.0.0'],
  ])('of 1.2.3 by %s is %s', (wanted, next) => {
    expect(chooseVersion('1.2.3', wanted)).toBe(next);
  });

  it.each([
    ['1.2.3', 'is not after 1.2.3'],
    ['1.2.2', 'is not after 1.2.3'],
    ['1.1.9', 'is not after 1.2.3'],
    ['0.9.9', 'is not after 1.2.3'],
    ['v2', '"v2" is no version such as 1.2.3, nor patch, minor or major'],
    ['2.0.0-rc.1', 'is no version'],
  ])('is not %s', (wanted, message) => {
    expect(() => chooseVersion('1.2.3', wanted)).toThrow(message);
  });
});

describe('the changelog of a release', () => {
  it('has what was unreleased under the version, and an empty section above', () => {
    const text = '# Changelog\n\n## Unreleased\n\n### Added\n\n- This.\n\n## 0.1.0 - 2026-01-01\n\n- That.\n';

    expect(dateChangelog(text, '0.2.0', '2026-12-01')).toBe(
      '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n### Added\n\n- This.\n\n## 0.1.0 - 2026-01-01\n\n- That.\n',
    );
  });

  it.each([
    ['without the section', '# Changelog\n', 'no section Unreleased'],
    ['with nothing in it', '## Unreleased\n\n## 0.1.0\n\n- That.\n', 'nothing to release'],
  ])('is refused %s', (_, text, message) => {
    expect(() => dateChangelog(text, '0.2.0', '2026-12-01')).toThrow(message);
  });
});

describe('the version in files', () => {
  it.each(['package.json', 'package-lock.json', 'lambda/version.ts'])('is replaced in %s, and nothing else', (file) => {
    const text = readFileSync(join(root, file), 'utf8');

    const lines = replaceVersion(file, text, version, '99.0.0').split('\n');

    const changed = lines.filter((line, index) => line !== text.split('\n')[index]);
    expect(changed).toHaveLength(file === 'package-lock.json' ? 2 : 1);
    expect(changed.every((line) => line.includes('99.0.0'))).toBe(true);
  });

  it('is missed where it should stand', () => {
    expect(() => replaceVersion('package.json', '{}', '1.0.0', '2.0.0')).toThrow('does not name version 1.0.0');
  });
});
