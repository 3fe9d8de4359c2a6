/** Fetches the oldest CDK that the package's peers allow, for the tests: `npm run setup:oldest-cdk`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oldestCdk, oldestConstructs } from './package/describe-package.ts';

const folder = join(import.meta.dirname, '../.cache/oldest-cdk');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "private": true }');
const packages = [`aws-cdk-lib@${oldestCdk}`, `constructs@${oldestConstructs}`];
execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
  cwd: folder,
  stdio: 'inherit',
});
