/** Writes the generated pages of the documentation: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages, stalePages } from './docs/pages.ts';

const root = join(import.meta.dirname, '..');

/** Writes the generated documentation; with `--check` only tells whether it is up to date. */
function main(args: readonly string[]): number {
  const unknown = args.find((argument) => argument !== '--check');
  if (unknown !== undefined) {
    process.stderr.write(`unknown option ${unknown}; there is --check\n`);
    return 2;
  }
  const stale = stalePages();
  if (args.includes('--check')) {
    for (const { path } of stale) process.stderr.write(`${path} is out of date; run npm run docs\n`);
    return stale.length === 0 ? 0 : 1;
  }
  for (const { path, text } of stale) {
    writeFileSync(join(root, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
  if (stale.length === 0) process.stdout.write(`all ${String(generatedPages().length)} files are up to date\n`);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
