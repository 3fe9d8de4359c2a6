/** Runs the tests, and prints the slowest files and one line with the result: `npm test`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeCounts, describeSlowest, Report } from './test/summary.ts';

/** Runs vitest with the given arguments and ends with one plain line that any CI system can read. */
function main(args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-test-'));
  try {
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { status } = spawnSync('vitest', ['run', ...reporters, ...args], { stdio: 'inherit' });
    if (!existsSync(file)) return status ?? 1;
    const report = Report.parse(JSON.parse(readFileSync(file, 'utf8')));
    process.stdout.write(`the slowest files:\n${describeSlowest(report, process.cwd())}${describeCounts(report)}`);
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main(process.argv.slice(2));
