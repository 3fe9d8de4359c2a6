/** The guide to sources works when it is followed word for word: its own steps make a source of the template, in a copy. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { example } from '../../../docs/template-source/index.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { sourceRules } from '../../contracts/sources/rules.ts';
import { followGuide, type GuideCopy } from './guide-copy.ts';

const guide = 'docs/adding-a-source.md';

/** What stands before the place where each block of the guide is added, in the order of the guide. */
const places = [
  'export const sources = [',
  'Readonly<Record<SourceKind, SourceFacts>> = {',
  'Readonly<Record<SourceKind, SourceSubject>> = {',
  'Readonly<Record<SourceKind, HostileSubject>> = {',
];

let copy: GuideCopy | undefined;

beforeAll(async () => {
  copy = await followGuide(guide, places);
});

afterAll(async () => {
  await copy?.remove();
});

describe('the template of a source', () => {
  it('is registered nowhere', () => {
    expect(sources.map(({ kind }): string => kind)).not.toContain(example.kind);
  });

  it('compiles where the guide puts it', async () => {
    const include = [
      'lambda',
      'test/contracts/sources',
      'test/contracts/subjects.ts',
      'test/contracts/hostile-servers.ts',
    ];

    expect(await copy?.compile(include)).toBe('');
  });

  it('keeps the contract of sources, by the command of the guide', async () => {
    const report = await copy?.test(/`npx vitest (run test\/contracts -t acme)`/);

    expect(report).toMatchObject({ success: true, numFailedTests: 0 });
    // Its levels are held to all rules but those of counting.
    expect(report?.numPassedTests).toBeGreaterThan(30);
  });
});

describe('the guide to sources', () => {
  it('has each rule under the name of its case, in the order of the cases', async () => {
    const text = await readFile(join(import.meta.dirname, '../../..', guide), 'utf8');

    const named = [...text.matchAll(/^\d+\. \*\*(.+?)\*\*\./gm)].map(([, name]) => name);
    expect(named).toEqual(sourceRules.map(({ name }) => name));
  });
});
