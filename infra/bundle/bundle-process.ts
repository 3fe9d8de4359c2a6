/** The process that bundles the function with esbuild. */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { keepConfigured } from './only-configured.ts';
import { lazyBuiltins, replacedModules, slimDefine } from './slim.ts';

/**
 * Bundles in a process of its own: esbuild's plugins are asynchronous, and the CDK asks for an asset synchronously.
 * Reads the options from standard input, writes the files, prints esbuild's metafile.
 */
const { directory, entry, kinds } = z
  .object({
    directory: z.string(),
    entry: z.string(),
    kinds: z.object({ sources: z.array(z.string()), sinks: z.array(z.string()) }).optional(),
  })
  .parse(JSON.parse(readFileSync(process.stdin.fd, 'utf8')));

const { metafile, outputFiles } = await build({
  absWorkingDir: join(import.meta.dirname, '../..'),
  entryPoints: { index: entry },
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
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  define: { ...slimDefine },
  plugins: [lazyBuiltins, replacedModules, ...(kinds === undefined ? [] : [keepConfigured(kinds)])],
  metafile: true,
  logLevel: 'warning',
});
mkdirSync(directory, { recursive: true });
for (const { path, contents } of outputFiles) writeFileSync(join(directory, basename(path)), contents);
process.stdout.write(JSON.stringify(metafile));
