/** Leaves plugins that the configuration does not name out of the bundle. */
import type { Plugin } from 'esbuild';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The kinds that a configuration names. */
export interface ConfiguredKinds {
  readonly sources: readonly string[];
  readonly sinks: readonly string[];
}

/** `import { remoteWrite } from './remote-write/index.ts';` */
const pluginImport = /^import \{ (\w+) \} from '\.\/([a-z0-9-]+)\/index\.ts';\n/gm;

/**
 * The registries with the configured sources and sinks alone. The settings of all others are schemas that a cold start
 * would build for nothing: a third of a millisecond each, and there are ever more of them.
 */
export function keepConfigured(kinds: ConfiguredKinds): Plugin {
  return {
    name: 'only-configured',
    setup(build) {
      build.onLoad({ filter: /\/lambda\/(sources|sinks)\/index\.ts$/ }, ({ path }) => {
        const registry = path.endsWith('/sources/index.ts') ? 'sources' : 'sinks';
        const text = reduceRegistry(readFileSync(path, 'utf8'), registry, kinds[registry]);
        if (text !== undefined) return { contents: text, loader: 'ts', resolveDir: dirname(path) };
        return { errors: [{ text: `${path} does not read as a registry; adapt infra/bundle/only-configured.ts` }] };
      });
    },
  };
}

/** The text of a registry with the given kinds, or undefined where it does not have all of them as expected. */
function reduceRegistry(text: string, registry: string, kinds: readonly string[]): string | undefined {
  const known = new Map([...text.matchAll(pluginImport)].map(([, name = '', kind = '']) => [kind, name]));
  const list = new RegExp(`^export const ${registry} = \\[[^\\]]*\\]`, 'm');
  const names = [...known].filter(([kind]) => kinds.includes(kind)).map(([, name]) => name);
  if (!list.test(text) || names.length !== new Set(kinds).size) return undefined;
  return text
    .replace(pluginImport, (line: string, _: string, kind: string) => (kinds.includes(kind) ? line : ''))
    .replace(list, `export const ${registry} = [${names.join(', ')}]`);
}
