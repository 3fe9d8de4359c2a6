/** Changes one token of the code at a time and counts the changes that no test notices. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { readArguments, usage, type Wanted } from './mutate/arguments.ts';
import { type Outcome, readOutcome } from './mutate/report.ts';
import { strykerSettings, testsVariable } from './mutate/settings.ts';
import { outcomeText } from './mutate/table.ts';

const root = resolve(import.meta.dirname, '..');

async function main(args: readonly string[]): Promise<number> {
  let wanted: Wanted;
  try {
    wanted = readArguments(args, root);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  process.stderr.write(`${wanted.place}: ${String(wanted.tests.length)} test files, seed ${String(wanted.seed)}\n`);
  try {
    const outcome = await mutate(wanted);
    process.stdout.write(`${wanted.isJson ? JSON.stringify(outcome) : outcomeText(outcome)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

async function mutate({ place, pattern, tests, count, seed }: Wanted): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-mutate-'));
  try {
    const settingsPath = join(folder, 'stryker.json');
    const settings = strykerSettings({ root, folder, place, pattern, count, seed });
    await writeFile(settingsPath, JSON.stringify(settings));
    await runStryker(settingsPath, tests);
    const outcome = readOutcome(await readFile(settings.jsonReporter.fileName, 'utf8'), { place, seed });
    if (outcome.mutants < count) process.stderr.write(`${fewer(outcome)}\n`);
    return outcome;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fewer({ place, mutants, population }: Outcome): string {
  return `only ${String(mutants)} of the ${String(population)} mutants of ${place} type-check; if that is none, look at \`npm run types\``;
}

async function runStryker(settingsPath: string, tests: readonly string[]): Promise<void> {
  const child = spawn('stryker', ['run', settingsPath], {
    cwd: root,
    env: { ...process.env, [testsVariable]: tests.join(':') },
    // What Stryker tells on the way is not the result.
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const [code] = z.tuple([z.int().nullable(), z.string().nullable()]).parse(await once(child, 'exit'));
  if (code === 0) return;
  const remedy = 'a test that fails without a mutant is mended first, or left out by --except';
  throw new Error(`Stryker ended with ${String(code)}, for the reason in its last lines above; ${remedy}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main(process.argv.slice(2));
