/** Compiles the published construct with jsii: JavaScript, declarations and what other languages are generated from. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const sources = join(root, 'infra/package');

/** Stays out: the package has it as one bundled file. */
const bundled = 'implementation.ts';

/** Compiles in the folder of the package, whose package.json jsii reads. */
export function compileFace(folder: string): void {
  const library = join(folder, 'lib');
  const files = readdirSync(sources).filter((file) => file !== bundled);
  for (const file of files) {
    const text = readFileSync(join(sources, file), 'utf8');
    // The folder has JavaScript where the repository has TypeScript.
    writeFileSync(join(library, file), text.replaceAll(/(from '\.\/[a-z-]+)\.ts'/g, "$1.js'"));
  }
  const jsii = join(root, 'node_modules/jsii/bin/jsii');
  // A `function` is called so in every language of the CDK; the folder is no place to install into.
  const silenced = ['reserved-word', 'metadata/missing-dev-dependency'].flatMap((code) => ['--silence-warnings', code]);
  execFileSync(process.execPath, [jsii, ...silenced], { cwd: folder, stdio: 'inherit' });
  for (const file of files) rmSync(join(library, file));
  for (const file of ['tsconfig.json', 'tsconfig.tsbuildinfo', 'lib/tsconfig.tsbuildinfo'])
    rmSync(join(folder, file), { force: true });
}
