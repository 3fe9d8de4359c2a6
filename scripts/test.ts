/** Runs the tests and prints one line with their result: `npm test`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

/** What vitest's JSON reporter counts. */
const Summary = z.object({ numPassedTests: z.int(), numFailedTests: z.int(), numPendingTests: z.int() });

/** Runs vitest with the given arguments and ends with one plain line that any CI system can read. */
function main(args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { status } = spawnSync('vitest', ['run', ...reporters, ...args], { stdio: 'inherit' });
    if (!existsSync(report)) return status ?? 1;
    const counts = Summary.parse(JSON.parse(readFileSync(report, 'utf8')));
    const skipped = counts.numPendingTests > 0 ? `, ${String(counts.numPendingTests)} skipped` : '';
    process.stdout.write(
      `${String(counts.numPassedTests)} passed, ${String(counts.numFailedTests)} failed${skipped}\n`,
    );
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main(process.argv.slice(2));
