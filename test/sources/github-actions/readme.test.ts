/** The README shows how fresh the figures of an organization can be, as the forecast computes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildPlan } from '../../../lambda/crawl/build-table.ts';

const readme = join(import.meta.dirname, '../../../lambda/sources/github-actions/README.md');

describe('the table of freshness', () => {
  it('is that of 5,000 requests an hour', () => {
    const cells = readFileSync(readme, 'utf8')
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .slice(1, -1),
      );

    const shown = cells
      .filter(([first = '']) => /^[\d,]+$/.test(first))
      .map(([size = '', ...ages]) => [size.replace(',', ''), ...ages]);

    expect(shown).toEqual(buildPlan(5000, undefined, 'organization').rows.map((row) => row.slice(0, 5)));
  });
});
