/** Bundles the functions for the package: every plugin by itself, so that a synthesis can put together what it names. */
import type { Metafile } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildBundle } from '../../infra/bundle/build-bundle.ts';
import { deferRegistries } from '../../infra/bundle/only-configured.ts';
import { formatPluginFile, manifestFile } from '../../infra/bundle/prebuilt.ts';
import { registries } from '../../infra/bundle/registry.ts';
import { sinks } from '../../lambda/sinks/index.ts';
import { sources } from '../../lambda/sources/index.ts';

/** Writes `collector/`, `webhook/` and `alarm-messages/` into the folder, each with a list of what its files load. */
export async function bundleFunctions(folder: string): Promise<readonly Metafile[]> {
  const collector = join(folder, 'collector');
  const entries = { index: 'lambda/handler.ts', ...listPlugins() };
  const ofCollector = await buildBundle({
    directory: collector,
    entries,
    place: 'function',
    plugins: [deferRegistries],
  });
  writeManifest(collector, ofCollector);
  return [
    ofCollector,
    await bundleAlone(join(folder, 'webhook'), 'lambda/webhook.ts'),
    await bundleAlone(join(folder, 'alarm-messages'), 'lambda/alarm-messages.ts'),
  ];
}

/** A function without plugins. */
async function bundleAlone(directory: string, entry: string): Promise<Metafile> {
  const metafile = await buildBundle({ directory, entries: { index: entry }, place: 'function' });
  writeManifest(directory, metafile);
  return metafile;
}

function listPlugins(): Readonly<Record<string, string>> {
  const kinds = { sources: sources.map(({ kind }) => kind), sinks: sinks.map(({ kind }) => kind) };
  const entries = registries.flatMap((registry) =>
    kinds[registry].map((kind) => [formatPluginFile(registry, kind), `lambda/${registry}/${kind}/index.ts`] as const),
  );
  return Object.fromEntries(entries);
}

function writeManifest(folder: string, { outputs }: Metafile): void {
  const files = Object.entries(outputs).filter(([file]) => !file.endsWith('.map'));
  const loaded = files.map(([file, { imports }]) => [
    basename(file),
    imports
      .filter(({ external }) => external !== true)
      .map(({ path }) => basename(path))
      .sort(),
  ]);
  writeFileSync(join(folder, manifestFile), `${JSON.stringify(Object.fromEntries(loaded), undefined, 1)}\n`);
}
