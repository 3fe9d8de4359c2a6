/** Bundles a program for Node with esbuild, without what the place where it runs never needs. */
import { build, type Metafile, type Plugin } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { lazyBuiltins, type Place, replaceModules, slimDefine } from './slim.ts';

export interface BundleBuild {
  /** The folder that receives the files, all of them side by side. */
  readonly directory: string;
  /** Name of a file without its extension, and the module of the repository that it begins with. */
  readonly entries: Readonly<Record<string, string>>;
  readonly place: Place;
  readonly plugins?: readonly Plugin[];
}

/** The oldest Node that a bundle has to run on: Lambda's runtime, and the oldest that the terminal's command takes. */
const targets: Readonly<Record<Place, string>> = { function: 'node24', terminal: 'node22.19' };

/** Writes minified ES modules with code splitting and source maps; equal code gives equal bytes. */
export async function buildBundle({ directory, entries, place, plugins = [] }: BundleBuild): Promise<Metafile> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: join(import.meta.dirname, '../..'),
    entryPoints: entries,
    // Not the real folder: its place would be in the source maps, and the asset would differ from machine to machine.
    outdir: 'bundle',
    // Nor the real folder of a linked node_modules, which differs from machine to machine as well.
    preserveSymlinks: true,
    write: false,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: targets[place],
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    define: { ...slimDefine },
    plugins: [lazyBuiltins, replaceModules(place), ...plugins],
    metafile: true,
    logLevel: 'warning',
  });
  mkdirSync(directory, { recursive: true });
  for (const { path, contents } of outputFiles) writeFileSync(join(directory, basename(path)), contents);
  return metafile;
}
