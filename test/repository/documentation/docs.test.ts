/** Tests that the generated documentation is up to date and complete. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../lambda/model/catalogue/catalogue.ts';
import { collectMetricNames } from '../../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { sinks } from '../../../lambda/sinks/index.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { generatedPages, stalePages } from '../../../scripts/docs/pages.ts';
import { anchor, table } from '../../../scripts/docs/table.ts';

function textOf(path: string): string {
  return readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
}

describe('the generated documentation', () => {
  it('is up to date; otherwise run npm run docs', () => {
    expect(stalePages().map(({ path }) => path)).toEqual([]);
  });

  it('names every metric of the catalogue and of every source, in both forms', () => {
    const page = textOf('docs/metrics.md');
    const metrics = [...catalogue, ...sources.flatMap((source) => source.metrics)];

    const missing = metrics
      .flatMap(({ name, cloudWatch }) => [name, ...collectMetricNames(cloudWatch)])
      .filter((name) => !page.includes(`\`${name}\``));

    expect(metrics.length).toBeGreaterThan(19);
    expect(missing).toEqual([]);
  });

  it('tells what every setting means, those that every kind has excepted', () => {
    const rows = textOf('docs/configuration.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));

    const mute = rows.filter((line) => line.endsWith('|  |')).map((line) => line.split('`')[1]);

    expect(rows.length).toBeGreaterThan(60);
    expect(mute.filter((name) => !['kind', 'basic.username', 'vpcId'].includes(String(name)))).toEqual([]);
  });

  it('has a part for every source and sink', () => {
    const page = textOf('docs/configuration.md');

    const missing = [...sources, ...sinks].filter(({ title, kind }) => !page.includes(`### ${title} (\`${kind}\`)`));

    expect(missing).toEqual([]);
  });

  it('links only to parts that exist', () => {
    for (const { path, text } of generatedPages().filter((page) => page.path.endsWith('.md'))) {
      const anchors = text
        .split('\n')
        .filter((line) => /^#+ /.test(line))
        .map((line) => anchor(line.replace(/^#+ /, '')));
      const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target);

      expect(
        links.filter((target) => !anchors.includes(String(target))),
        path,
      ).toEqual([]);
      expect(new Set(anchors).size, `${path}: two headings with one anchor`).toBe(anchors.length);
    }
  });
});

describe('a table of the documentation', () => {
  it('keeps a text with a bar in its cell', () => {
    expect(table(['A'], [['a|b']])).toBe('| A |\n| --- |\n| a\\|b |');
  });
});
