/** Function names say what the function does: the counter of verbs is right, and the tree keeps to it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findFunctions } from '../../scripts/names/functions.ts';
import { isParticiple, isVerbFirst } from '../../scripts/names/judge.ts';
import { root } from './files.ts';

describe('names of functions', () => {
  it.each(['read', 'readPage', 'isOpen', 'hasEnded', 'mapLevels', 'toggle'])('%s begins with a verb', (name) => {
    expect(isVerbFirst(name)).toBe(true);
  });

  it.each(['pageOf', 'readingsOf', 'text', 'told', 'readyQueues'])('%s does not begin with a verb', (name) => {
    expect(isVerbFirst(name)).toBe(false);
  });

  it('takes a bare participle for one, and not an adjective before a noun', () => {
    expect(['told', 'joined', 'read', 'requiredKeys', 'need'].map(isParticiple)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('finds declarations, constants that hold a function, and methods, and no nameless ones', () => {
    const text = `
      export function one(): void { const two = (): void => {}; two(); }
      const three = function (): void {};
      class Four { five(): void {} }
      const six = { seven: () => 1, eight() { return 2; } };
      declare function nine(): void;
      [1].map((x) => x);
    `;
    expect(findFunctions('file.ts', text).map(({ name, line }) => `${name}:${String(line)}`)).toEqual([
      'one:2',
      'two:2',
      'three:3',
      'five:4',
      'eight:5',
    ]);
  });

  it('holds for the whole of lambda/', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/names.ts'], { cwd: root, encoding: 'utf8' });
    expect(stdout).toMatch(/begin with a verb/);
    expect({ status, stdout }).toMatchObject({ status: 0 });
  });
});
