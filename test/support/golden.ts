/** Compares an output with a golden file, or writes that file with `UPDATE_GOLDEN=1`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const fixtures = join(import.meta.dirname, '../fixtures');

/** Compares with a golden file under `test/fixtures`; `UPDATE_GOLDEN=1` writes it instead. */
export async function expectGolden(path: string, actual: string | Uint8Array): Promise<void> {
  const file = join(fixtures, path);
  if (process.env['UPDATE_GOLDEN'] !== undefined) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, actual);
    return;
  }
  const expected = await readFile(file);
  if (typeof actual === 'string') expect(actual).toBe(expected.toString('utf8'));
  else expect(Buffer.from(actual)).toEqual(expected);
}
