/** Lists every generated page of the documentation, and finds those that are out of date. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildConfigJsonSchema } from '../../lambda/config/json-schema.ts';
import { sinks } from '../../lambda/sinks/index.ts';
import { sources } from '../../lambda/sources/index.ts';
import { dashboardFiles } from '../dashboards/files.ts';
import { buildPageModule, pagePath } from '../page/build-page.ts';
import { costTables, otlpCostTable } from './cost.ts';
import { configurationPage, type DocumentedPlugin } from './configuration.ts';
import { metricsPage } from './metrics.ts';
import { stateCostTable } from './state-cost.ts';

export interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

const root = join(import.meta.dirname, '../..');

/** The path of a plugin's example, from the repository's root. */
export function examplePath(folder: 'sources' | 'sinks', kind: string): string {
  return `lambda/${folder}/${kind}/example.yaml`;
}

function documented(folder: 'sources' | 'sinks', { kind, title }: { kind: string; title: string }): DocumentedPlugin {
  const path = join(root, examplePath(folder, kind));
  return { kind, title, example: existsSync(path) ? readFileSync(path, 'utf8') : undefined };
}

/** A hand-written file with blocks between two comments that are written from the code. */
function withBlocks(path: string, blocks: Readonly<Record<string, string>>): Page {
  const written = readFileSync(join(root, path), 'utf8');
  const text = Object.entries(blocks).reduce((page, [name, block]) => withBlock(page, name, block, path), written);
  return { path, text };
}

function withBlock(text: string, name: string, block: string, path: string): string {
  const begin = `<!-- ${name}: written by \`npm run docs\` -->`;
  const end = `<!-- /${name} -->`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} has no block between ${begin} and ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${block}\n\n${text.slice(to)}`;
}

/** Every file that is written from the code, or has a part that is. */
export function generatedPages(): readonly Page[] {
  return [
    { path: 'docs/metrics.md', text: metricsPage(sources) },
    {
      path: 'docs/configuration.md',
      text: configurationPage(
        sources.map((source) => documented('sources', source)),
        sinks.map((sink) => documented('sinks', sink)),
      ),
    },
    withBlocks('docs/deploying.md', {
      cost: costTables(),
      'otlp-cost': otlpCostTable(),
      'state-cost': stateCostTable(),
    }),
    { path: 'collector.schema.json', text: `${JSON.stringify(buildConfigJsonSchema(), undefined, 2)}\n` },
    { path: pagePath, text: buildPageModule() },
    ...dashboardFiles(),
  ];
}

/** The pages whose file in the repository differs. */
export function stalePages(): readonly Page[] {
  return generatedPages().filter(({ path, text }) => {
    const file = join(root, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text;
  });
}
