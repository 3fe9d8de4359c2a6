/** Tests that every file says in its first line what it is for, and that no folder is too full to be read at a glance. */
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryFiles, textOf } from './files.ts';

const trees = ['lambda', 'infra', 'scripts', 'test', 'docs'];
const sources = trees.flatMap((tree) => repositoryFiles(tree)).filter((path) => path.endsWith('.ts'));

/** A name alone says nothing that the path does not say; the shortest sentence of the tree has five words. */
const minWords = 4;

/**
 * What is wrong with the opening of a file, or undefined. A line `#!` may stand before it, and it is followed by an import
 * or an empty line: right above a declaration it would be the comment of that declaration.
 */
function judgeOpening(text: string): string | undefined {
  const [, block, after = ''] = /^\/\*\*(.*?)\*\/\n(.*)/s.exec(text.replace(/^#!.*\n/, '')) ?? [];
  const sentence = block?.replaceAll(/\n \*/g, ' ').trim();
  if (sentence === undefined) return 'does not open with a comment `/** … */`';
  if (!/^[A-Z`0-9].*[.:]/s.test(sentence)) return 'opens with a comment that is no sentence';
  if (sentence.split(/\s+/).length < minWords) return 'opens with too few words to say what it is for';
  if (!/^(?:\n|import )/.test(after)) return 'has the comment of its first declaration in the place of its own';
  return undefined;
}

/** A listing that is read at a glance: a screen of some 20 lines holds it with the rooms and the README beside it. */
const maxFiles = 16;

function countByFolder(paths: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return counts;
}

describe('the first line of a file', () => {
  it('says in a sentence what the file is for', () => {
    const wrong = sources.flatMap((path) => {
      const reason = judgeOpening(textOf(path));
      return reason === undefined ? [] : [`${path} ${reason}`];
    });
    expect(wrong).toEqual([]);
    expect(sources.length).toBeGreaterThan(1000);
  });

  it.each([
    ['/** Reads one page of a list. */\nimport a from "a";\n'],
    ['#!/usr/bin/env node\n/** Reads one page of a list. */\nimport a from "a";\n'],
    ['/** Reads one page of a list. */\n\nexport const a = 1;\n'],
    ['/**\n * Reads one page of a list. The rest\n * of the block says more.\n */\n\nexport const a = 1;\n'],
  ])('may be %j', (text) => {
    expect(judgeOpening(text)).toBeUndefined();
  });

  it.each([
    ['import a from "a";\n', 'does not open'],
    ['// Reads one page of a list.\nimport a from "a";\n', 'does not open'],
    ['/** reads one page of a list */\nimport a from "a";\n', 'no sentence'],
    ['/** The client. */\nimport a from "a";\n', 'too few words'],
    ['/** Reads one page of a list. */\nexport function read(): void {}\n', 'first declaration'],
  ])('may not be %j', (text, reason) => {
    expect(judgeOpening(text)).toContain(reason);
  });
});

/** The folder whose README explains a room: that of the plugin, otherwise that of the tree. */
function readmeOf(room: string): string {
  return /^lambda\/(?:sources|sinks)\/[^/]+/.exec(room)?.[0] ?? room.split('/')[0] ?? '';
}

describe('a folder', () => {
  it(`has at most ${String(maxFiles)} files of code beside its rooms`, () => {
    const full = [...countByFolder(sources)].filter(([, count]) => count > maxFiles);
    expect(full).toEqual([]);
  });

  it('is explained in the README of its tree or of its plugin', () => {
    const rooms = [...countByFolder(sources).keys()].filter((path) => /^(?:lambda|infra)\/./.test(path));
    const unexplained = rooms.filter((room) => {
      const owner = readmeOf(room);
      return room !== owner && !textOf(join(owner, 'README.md')).includes(`| \`${room.slice(owner.length + 1)}/\``);
    });
    expect(unexplained).toEqual([]);
    expect(rooms.length).toBeGreaterThan(80);
  });

  it('that a README explains is there', () => {
    const readmes = repositoryFiles()
      .filter((path) => /^(?:lambda|infra)\/(?:.*\/)?README\.md$/.test(path))
      .flatMap((path) =>
        [...textOf(path).matchAll(/^\| `([a-z/-]+)\/` /gm)].map(([, room]) => join(dirname(path), room ?? '')),
      );
    const folders = new Set(sources.map((path) => dirname(path)));
    expect(readmes.filter((room) => !folders.has(room))).toEqual([]);
  });
});
