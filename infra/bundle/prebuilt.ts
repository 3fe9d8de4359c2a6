/** Puts the function together from code that was bundled when the package was made: the configured plugins and what they load. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { ConfiguredKinds } from './only-configured.ts';
import { formatConstant, registries, type Registry } from './registry.ts';

/** The functions of a stack. */
export type FunctionName = 'collector' | 'webhook' | 'alarm-messages';

/** Beside the prebuilt files: which of them each one may load, itself or later. */
export const manifestFile = 'manifest.json';

const Manifest = z.record(z.string(), z.array(z.string()));

/** The folder of a function's prebuilt code; undefined in the repository, where it is bundled anew. */
export function findPrebuilt(name: FunctionName): string | undefined {
  const folder = join(import.meta.dirname, 'functions', name);
  return existsSync(join(folder, manifestFile)) ? folder : undefined;
}

/** File of a plugin among the prebuilt ones, without its extension: `sources-buildkite`. */
export function formatPluginFile(registry: Registry, kind: string): string {
  return `${registry}-${kind}`;
}

/** Copies a function without plugins. */
export function copyPrebuilt(folder: string, directory: string): void {
  copyWithLoaded(folder, directory, ['index.mjs']);
}

/** Copies the function and the plugins of the configuration, and writes the lists by which it finds them. */
export function assemblePrebuilt(folder: string, directory: string, kinds: ConfiguredKinds): void {
  const plugins = registries.flatMap((registry) =>
    [...new Set(kinds[registry])].map((kind) => `${formatPluginFile(registry, kind)}.mjs`),
  );
  copyWithLoaded(folder, directory, ['index.mjs', ...plugins]);
  for (const registry of registries)
    writeFileSync(join(directory, `${registry}.mjs`), renderList(registry, [...new Set(kinds[registry])]));
}

function renderList(registry: Registry, kinds: readonly string[]): string {
  const imports = kinds.map(
    (kind) => `import { ${formatConstant(kind)} } from './${formatPluginFile(registry, kind)}.mjs';`,
  );
  return [...imports, `export const ${registry} = [${kinds.map(formatConstant).join(', ')}];`, ''].join('\n');
}

function copyWithLoaded(folder: string, directory: string, roots: readonly string[]): void {
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, manifestFile), 'utf8')));
  mkdirSync(directory, { recursive: true });
  const wanted = new Set(roots);
  // A set is walked in the order of its entries, those that are added meanwhile included.
  for (const file of wanted) {
    for (const loaded of manifest[file] ?? []) wanted.add(loaded);
    for (const copied of [file, `${file}.map`]) copyFileSync(join(folder, copied), join(directory, copied));
  }
}
