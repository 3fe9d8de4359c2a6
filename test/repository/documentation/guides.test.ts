/** Tests that the guides to sources and sinks describe files that the plugins have. */
import { describe, expect, it } from 'vitest';
import { repositoryFiles, textOf } from '../files.ts';

interface Row {
  readonly names: readonly string[];
  readonly where: string;
}

/** The rows of the table `| file | in | holds |` of a guide. */
function rowsOf(guide: string): readonly Row[] {
  return [...textOf(guide).matchAll(/^\| (`[^|]*?) *\| ([^|]*?) *\| [^|]*\|$/gm)].flatMap(
    ([, names = '', where = '']) =>
      /^(?:every|where) /.test(where)
        ? [{ names: [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name), where }]
        : [],
  );
}

/** Every plugin of a folder with the paths in it, and the template of that kind. */
function pluginsOf(kind: 'sources' | 'sinks', template: string): ReadonlyMap<string, readonly string[]> {
  const plugins = new Map<string, readonly string[]>();
  for (const path of repositoryFiles(`lambda/${kind}`)) {
    const [, , plugin = '', ...rest] = path.split('/');
    if (rest.length > 0) plugins.set(plugin, [...(plugins.get(plugin) ?? []), rest.join('/')]);
  }
  plugins.set(
    template,
    repositoryFiles(template).map((path) => path.slice(template.length + 1)),
  );
  return plugins;
}

function hasAny(paths: readonly string[], names: readonly string[]): boolean {
  return names.some((name) => paths.some((path) => (name.endsWith('/') ? path.startsWith(name) : path === name)));
}

describe.each([
  ['docs/adding-a-source.md', 'sources', 'docs/template-source', 5],
  ['docs/adding-a-sink.md', 'sinks', 'docs/template-sink', 5],
] as const)('the files in %s', (guide, kind, template, leastPlugins) => {
  const rows = rowsOf(guide);
  const plugins = pluginsOf(kind, template);

  it.each(rows.filter(({ where }) => where.startsWith('every')))('$names: $where', ({ names, where }) => {
    const lacking = [...plugins].filter(([, paths]) => {
      return where.includes('one for each') ? !hasRoom(paths) : !hasAny(paths, names);
    });
    expect(lacking.map(([plugin]) => plugin)).toEqual([]);
  });

  it.each(rows.filter(({ where }) => where.startsWith('where')))('$names: in more than one, $where', ({ names }) => {
    expect([...plugins.values()].filter((paths) => hasAny(paths, names)).length).toBeGreaterThan(1);
  });

  it('are named, and there are plugins', () => {
    expect(rows.length).toBeGreaterThan(5);
    expect(plugins.size).toBeGreaterThan(leastPlugins);
  });
});

/** Rooms are named after what they read, so that a guide gives examples and no list. */
function hasRoom(paths: readonly string[]): boolean {
  return paths.some((path) => path.includes('/') && path.endsWith('.ts'));
}
