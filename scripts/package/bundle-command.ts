/** Bundles the terminal's command for the package. */
import type { Metafile } from 'esbuild';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { buildBundle } from '../../infra/bundle/build-bundle.ts';

const root = join(import.meta.dirname, '../..');

/** Writes the entry, which any Node can read, and beside it the program in files that are loaded when needed. */
export async function bundleCommand(folder: string): Promise<Metafile> {
  const metafile = await buildBundle({ directory: folder, entries: { main: 'lambda/cli/main.ts' }, place: 'terminal' });
  cpSync(join(root, 'lambda/cli/entry.cjs'), join(folder, 'entry.cjs'));
  return metafile;
}
