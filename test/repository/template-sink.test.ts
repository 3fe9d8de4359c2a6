/** The guide to sinks works when it is followed word for word: its own steps make a sink of the template, in a copy. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { example } from '../../docs/template-sink/index.ts';
import { sinks } from '../../lambda/sinks/index.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** What the steps and the contract read. */
const parts = ['lambda', 'test', 'docs', 'package.json', 'vitest.config.ts', 'tsconfig.json'];

let copy = '';

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'ci-metrics-template-'));
  for (const part of parts) await cp(join(root, part), join(copy, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const guide = await readFile(join(copy, 'docs/adding-a-sink.md'), 'utf8');
  for (const script of blocksOf(guide, 'sh')) await run('bash', ['-euc', script], { cwd: copy });
  const [registration = '', description = ''] = blocksOf(guide, 'diff');
  await addTo(registration, 'export const sinks = [', 'acme, ');
  const [imports = '', entry = ''] = description.split('\n+\n');
  await addTo(imports, 'Readonly<Record<SinkKind, SinkSubject>> = {', `\n${entry}\n`);
});

afterAll(async () => {
  await rm(copy, { recursive: true, force: true });
});

/** The code blocks of a language, without the blanks before each line. */
function blocksOf(markdown: string, language: string): readonly string[] {
  return [...markdown.matchAll(/^( *)```(\w+)\n([^]*?)^ *```$/gm)]
    .filter(([, , word]) => word === language)
    .map(([, indent = '', , code = '']) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** A block names its file in its first line; what else is added to the file stands behind `before`. */
async function addTo(block: string, before: string, entry: string): Promise<void> {
  const [first = '', ...imports] = block.trim().split('\n').map(withoutSign);
  const path = join(copy, first);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(before);
  await writeFile(
    path,
    `${imports.join('\n')}\n${text.replace(before, before + entry.split('\n').map(withoutSign).join('\n'))}`,
  );
}

/** `+++ file` and `+added line`. */
function withoutSign(line: string): string {
  return line.replace(/^(\+\+\+ |\+)/, '');
}

/** Runs in the copy and gives what it printed, whatever became of it. */
async function runInCopy(program: string, ...options: readonly string[]): Promise<string> {
  const ran = run(join(root, 'node_modules/.bin', program), options, { cwd: copy, maxBuffer: 64 * 1024 * 1024 });
  return await ran.then(({ stdout }) => stdout).catch((error: unknown) => textOf(error));
}

function textOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : String(error);
}

describe('the template of a sink', () => {
  it('is registered nowhere', () => {
    expect(sinks.map(({ kind }): string => kind)).not.toContain(example.kind);
  });

  it('compiles where the guide puts it', async () => {
    const project = { extends: './tsconfig.json', include: ['lambda', 'test/contracts/subjects.ts'] };
    await writeFile(join(copy, 'tsconfig.template.json'), JSON.stringify(project));

    expect(await runInCopy('tsc', '-p', 'tsconfig.template.json')).toBe('');
  });

  it('keeps the contract of sinks and survives the table of faults, by the command of the guide', async () => {
    const guide = await readFile(join(root, 'docs/adding-a-sink.md'), 'utf8');
    const [, options = ''] = /`npx vitest (run test\/contracts -t acme)`/.exec(guide) ?? [];

    const said = await runInCopy('vitest', ...options.split(' '), '--reporter=json', '--outputFile=report.json');

    const report: unknown = JSON.parse(await readFile(join(copy, 'report.json'), 'utf8').catch(() => said));
    expect(report).toMatchObject({ success: true, numFailedTests: 0 });
    expect(numberIn(report, 'numPassedTests')).toBeGreaterThan(30);
  });
});

function numberIn(report: unknown, key: string): unknown {
  return typeof report === 'object' && report !== null ? Reflect.get(report, key) : undefined;
}
