/** Makes the package in `dist/`: `npm run build`. */
import { join } from 'node:path';
import { buildPackage } from './package/build-package.ts';

const root = join(import.meta.dirname, '..');
const folder = process.argv[2] ?? join(root, 'dist');

await buildPackage(folder);
process.stdout.write(`the package is in ${folder}; npm pack makes the tarball\n`);
