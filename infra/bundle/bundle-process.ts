/** The process that bundles the function with esbuild. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { buildBundle } from './build-bundle.ts';
import { keepConfigured } from './only-configured.ts';

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

const plugins = kinds === undefined ? [] : [keepConfigured(kinds)];
const metafile = await buildBundle({ directory, entries: { index: entry }, place: 'function', plugins });
process.stdout.write(JSON.stringify(metafile));
