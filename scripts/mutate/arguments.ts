/** Reads which code is to be changed, how often, and which tests must notice. */
import { posix } from 'node:path';
import { parseArgs } from 'node:util';
import { codePattern, findTests } from './tests.ts';

export const usage = `npm run mutate -- --in FOLDER [--count N] [--seed S] [--importers] [--except FILE] [--json]

Draws N mutants (default 40) of the code in FOLDER that type-check, runs the folder's own tests against each, and prints
how many were noticed and each that was not. Progress goes to standard error.

--in         a folder or a file, such as lambda/http
--seed       of an earlier run, to have the same mutants again
--importers  also the tests that live elsewhere and import the folder
--except     a test file to leave out, such as one whose server is not here; repeatable
--json       the result for scripts
`;

export interface Wanted {
  readonly place: string;
  /** What Stryker calls a glob of files to mutate. */
  readonly pattern: string;
  readonly tests: readonly string[];
  readonly count: number;
  readonly seed: number;
  readonly isJson: boolean;
}

/** Throws a sentence for arguments that mean nothing. */
export function readArguments(args: readonly string[], root: string): Wanted {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const except = { type: 'string', multiple: true, default: [] as string[] } as const;
  const options = { in: text, count: text, seed: text, importers: flag, except, json: flag };
  const { values } = parseArgs({ args: [...args], options });
  const place = posix.normalize(values.in ?? '').replace(/\/$/, '');
  const pattern = place === '.' ? undefined : codePattern(root, place);
  if (pattern === undefined) throw new RangeError('--in names a folder or a file of the code, such as lambda/http');
  const count = readWhole('--count', values.count ?? '40');
  if (count < 1) throw new RangeError('--count is above 0');
  const seed = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : readWhole('--seed', values.seed);
  const found = findTests({ root, place, withImporters: values.importers });
  return { place, pattern, tests: leaveOut(found, values.except), count, seed, isJson: values.json };
}

function readWhole(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`${option} is a whole number`);
  return Number(text);
}

function leaveOut(found: readonly string[], except: readonly string[]): readonly string[] {
  const unknown = except.filter((path) => !found.includes(path));
  if (unknown.length > 0) throw new RangeError(`--except ${unknown.join(', ')} is none of ${found.join(', ')}`);
  const left = found.filter((path) => !except.includes(path));
  if (left.length === 0) throw new RangeError('no test file is left');
  return left;
}
