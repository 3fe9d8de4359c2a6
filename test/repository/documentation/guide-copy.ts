/** Follows the steps of a guide word for word in a copy of the project, and runs what the guide runs there. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

/** What the steps and the contracts read. */
const parts = ['lambda', 'test', 'docs', 'package.json', 'vitest.config.ts', 'tsconfig.json'];

export interface GuideCopy {
  /** What the compiler says of these folders and files. */
  readonly compile: (include: readonly string[]) => Promise<string>;
  /** Runs the tests by a command of the guide, whose options `command` finds. */
  readonly test: (command: RegExp) => Promise<TestReport>;
  readonly remove: () => Promise<void>;
}

export interface TestReport {
  readonly success: boolean;
  readonly numFailedTests: number;
  readonly numPassedTests: number;
}

/** `places`: what stands in a file before the place where a block is added, in the order of the blocks. */
export async function followGuide(guide: string, places: readonly string[]): Promise<GuideCopy> {
  const copy = await mkdtemp(join(tmpdir(), 'ci-metrics-template-'));
  for (const part of parts) await cp(join(root, part), join(copy, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const text = await readFile(join(copy, guide), 'utf8');
  for (const script of blocksOf(text, 'sh')) await run('bash', ['-euc', script], { cwd: copy });
  const blocks = blocksOf(text, 'diff');
  expect(blocks.length).toBe(places.length);
  for (const [index, block] of blocks.entries()) await addBlock(copy, block, places[index] ?? '');
  return {
    compile: async (include) => {
      await writeFile(join(copy, 'tsconfig.template.json'), JSON.stringify({ extends: './tsconfig.json', include }));
      return await runInCopy(copy, 'tsc', '-p', 'tsconfig.template.json');
    },
    test: async (command) => {
      const [, options = ''] = command.exec(text) ?? [];
      expect(options).not.toBe('');
      const said = await runInCopy(
        copy,
        'vitest',
        ...options.split(' '),
        '--reporter=json',
        '--outputFile=report.json',
      );
      const report: unknown = JSON.parse(await readFile(join(copy, 'report.json'), 'utf8').catch(() => said));
      if (!isReport(report)) throw new TypeError('the tests wrote no report');
      return report;
    },
    remove: () => rm(copy, { recursive: true, force: true }),
  };
}

/** The code blocks of a language, without the blanks before each line. */
function blocksOf(markdown: string, language: string): readonly string[] {
  return [...markdown.matchAll(/^( *)```(\w+)\n([^]*?)^ *```$/gm)]
    .filter(([, , word]) => word === language)
    .map(([, indent = '', , code = '']) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/**
 * A block names its file in its first line. Its imports come to the top; what follows behind a line without text comes
 * behind `place`, and where nothing follows it is the name of the kind, in a list.
 */
async function addBlock(copy: string, block: string, place: string): Promise<void> {
  const [first = '', ...lines] = block.trimEnd().split('\n').map(withoutSign);
  const gap = lines.indexOf('');
  const imports = gap < 0 ? lines : lines.slice(0, gap);
  const entry = gap < 0 ? 'acme, ' : `\n${lines.slice(gap + 1).join('\n')}\n`;
  const path = join(copy, first);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(place);
  await writeFile(path, `${imports.join('\n')}\n${text.replace(place, place + entry)}`);
}

/** `+++ file` and `+added line`. */
function withoutSign(line: string): string {
  return line.replace(/^(\+\+\+ |\+)/, '');
}

/** Runs in the copy and gives what it printed, whatever became of it. */
async function runInCopy(copy: string, program: string, ...options: readonly string[]): Promise<string> {
  const ran = run(join(root, 'node_modules/.bin', program), options, { cwd: copy, maxBuffer: 64 * 1024 * 1024 });
  return await ran.then(({ stdout }) => stdout).catch((error: unknown) => textOf(error));
}

function textOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : String(error);
}

function isReport(value: unknown): value is TestReport {
  return typeof value === 'object' && value !== null && 'success' in value && 'numPassedTests' in value;
}
