/** Puts into the bundle only the plugins that the configuration names, or leaves their list to the synthesis. */
import type { Plugin } from 'esbuild';
import { dirname, resolve } from 'node:path';
import { formatConstant, type Registry, registries } from './registry.ts';

/** The kinds that a configuration names. */
export interface ConfiguredKinds {
  readonly sources: readonly string[];
  readonly sinks: readonly string[];
}

/**
 * Puts lists of the configured sources and sinks in the place of the registries. The settings of all others are schemas
 * that a cold start would build for nothing: a third of a millisecond each, and there are ever more of them.
 */
export function keepConfigured(kinds: ConfiguredKinds): Plugin {
  return {
    name: 'only-configured',
    setup(build) {
      for (const registry of registries) {
        build.onLoad({ filter: new RegExp(`/lambda/${registry}/index[.]ts$`) }, ({ path }) => ({
          contents: renderRegistry(registry, [...new Set(kinds[registry])]),
          loader: 'ts',
          resolveDir: dirname(path),
        }));
      }
    },
  };
}

/** A registry as `lambda/sources/index.ts` is one; a kind without a folder or a constant of its name does not build. */
function renderRegistry(registry: Registry, kinds: readonly string[]): string {
  const imports = kinds.map((kind) => `import { ${formatConstant(kind)} } from './${kind}/index.ts';`);
  return [...imports, `export const ${registry} = [${kinds.map(formatConstant).join(', ')}];`].join('\n');
}

/**
 * Leaves the registries out: the code imports `./sources.mjs` and `./sinks.mjs`, which are written beside it once a
 * configuration is known.
 */
export const deferRegistries: Plugin = {
  name: 'deferred-registries',
  setup(build) {
    build.onResolve({ filter: /(^|\/)index[.]ts$/ }, ({ path, resolveDir, kind }) => {
      const file = resolve(resolveDir, path);
      const registry = registries.find((each) => file.endsWith(`/lambda/${each}/index.ts`));
      return registry === undefined || kind === 'entry-point'
        ? undefined
        : { path: `./${registry}.mjs`, external: true };
    });
  },
};
