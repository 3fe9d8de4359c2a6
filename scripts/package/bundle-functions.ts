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

/** Writes `collector/` and `webhook/` into the folder, each with a list of what its files load. */
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
  const webhook = join(folder, 'webhook');
  const ofWebhook = await buildBundle({
    directory: webhook,
    entries: { index: 'lambda/webhook.ts' },
    place: 'function',
  });
  writeManifest(webhook, ofWebhook);
  return [ofCollector, ofWebhook];
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
