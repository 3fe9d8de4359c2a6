/** Leaves plugins that the configuration does not name out of the bundle. */
import type { Plugin } from 'esbuild';
import { dirname } from 'node:path';

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
      for (const registry of ['sources', 'sinks'] as const) {
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
function renderRegistry(registry: keyof ConfiguredKinds, kinds: readonly string[]): string {
  const imports = kinds.map((kind) => `import { ${formatConstant(kind)} } from './${kind}/index.ts';`);
  return [...imports, `export const ${registry} = [${kinds.map(formatConstant).join(', ')}];`].join('\n');
}

/** `remoteWrite` of `remote-write`. */
function formatConstant(kind: string): string {
  return kind.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
