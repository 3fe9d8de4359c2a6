/** Tests what the doctor is told of a file: a page needs its folder, and JSON lines need the file that is there. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileConfig } from '../../../lambda/sinks/file/config.ts';
import { examineWrite } from '../../../lambda/sinks/file/examine-write.ts';

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-examined-'));
  path = join(folder, 'ci');
});

afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true, force: true });
});

async function examine(format: 'prometheus' | 'json', at = path): Promise<string | undefined> {
  const [finding] = await examineWrite(FileConfig.parse({ kind: 'file', path: at, format }), 'file/file');
  return finding?.verdict;
}

const formats = ['prometheus', 'json'] as const;

describe.each(formats)('a file of the format %s', (format) => {
  it('that is not there yet needs a folder that is', async () => {
    expect(await examine(format)).toBe('ok');
    expect(await examine(format, join(folder, 'missing', 'ci'))).toBe('failed');
    expect(await examine(format, folder)).toBe('failed');
  });

  it('is left as it is', async () => {
    await writeFile(path, 'half a li');

    expect(await examine(format)).toBe('ok');
    expect(await readFile(path, 'utf8')).toBe('half a li');
  });
});

// The user root may write everywhere.
describe.skipIf(process.getuid?.() === 0)('rights', () => {
  it('of the folder count for a page, and those of the file for lines', async () => {
    await writeFile(path, '');
    await chmod(folder, 0o500);

    expect(await examine('prometheus')).toBe('failed');
    expect(await examine('json')).toBe('ok');
  });

  it.each([0o400, 0o200])('%o of the file are too few for lines, and no matter for a page', async (mode) => {
    await writeFile(path, '');
    await chmod(path, mode);

    expect(await examine('prometheus')).toBe('ok');
    expect(await examine('json')).toBe('failed');
  });
});
