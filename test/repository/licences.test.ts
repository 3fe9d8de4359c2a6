/** Tests that every package that the project uses may be used so: what is shipped is permissive, what is not is recorded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { root } from './files.ts';

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ license: z.string().optional(), dev: z.boolean().optional(), devOptional: z.boolean().optional() }),
  ),
});
const { packages } = Lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
const others = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));

/** They ask for their notice and no more, so that they may be bundled. */
const permissive = [
  '(Apache-2.0 AND BSD-3-Clause)',
  '(MIT OR GPL-3.0-or-later)',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
];

/** For tools that run here and are handed on to nobody. */
const forTools = [...permissive, 'CC-BY-4.0', 'CC0-1.0', 'MPL-2.0'];

describe('the licences', () => {
  it('of what is shipped are permissive', () => {
    const shipped = others.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);

    expect(shipped.length).toBeGreaterThan(50);
    expect(shipped.filter(([, { license }]) => !permissive.includes(license ?? ''))).toEqual([]);
  });

  it('of tools are known, and each exception has its reason', () => {
    const record = readFileSync(join(root, 'docs/decisions/0021-what-the-package-is.md'), 'utf8');
    const exceptions = others
      .filter(([, { license }]) => !forTools.includes(license ?? ''))
      .map(([path]) => path.replace(/.*node_modules\//, ''));

    expect(exceptions.filter((name) => !record.includes(`\`${name}\``))).toEqual([]);
  });
});
