/** Runs all checks one after the other: `npm run check`. */
import { spawnSync } from 'node:child_process';
import { styleText } from 'node:util';

/** In the order of their cost, so that a slip is told early. */
const steps = ['format', 'lint', 'types', 'names', 'imports', 'unused', 'synth', 'test'] as const;

function runs(step: string): { ok: boolean; seconds: string } {
  const startedMs = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', step], { stdio: 'inherit' });
  return { ok: status === 0, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) };
}

const failed: string[] = [];
for (const [index, step] of steps.entries()) {
  process.stdout.write(`${styleText('bold', `[${String(index + 1)}/${String(steps.length)}] ${step}`)}\n`);
  const { ok, seconds } = runs(step);
  process.stdout.write(`${ok ? styleText('green', 'ok') : styleText('red', 'failed')} ${step} (${seconds} s)\n\n`);
  if (!ok) failed.push(step);
}
if (failed.length > 0) {
  process.stdout.write(`failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}
