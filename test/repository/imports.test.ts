/** Tests of the check of the import directions itself: it fails when its tool has found too little. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './files.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-imports-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: unknown;
  readonly stderr: string;
}

/** `npm run imports` with a cruiser that prints this. */
async function withCruiser(line: string): Promise<Ended> {
  const stub = join(folder, 'depcruise');
  await writeFile(stub, `#!/bin/sh\necho '${line}'\n`);
  await chmod(stub, 0o755);
  const env = { ...process.env, PATH: [folder, process.env['PATH'] ?? ''].join(delimiter) };
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/imports.ts'], { cwd: root, env }, (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stderr });
    });
  });
}

describe('the check of the import directions', () => {
  it('fails when the cruiser found fewer modules than exist: it then cannot read them, and finds no fault', async () => {
    const { code, stderr } = await withCruiser('no dependency violations found (3 modules, 0 dependencies cruised)');

    expect(code).toBe(1);
    expect(stderr).toContain('only 3 modules were cruised');
  });

  it('fails when the cruiser says something else', async () => {
    expect((await withCruiser('all is well')).code).toBe(1);
  });

  it('passes when every module was cruised', async () => {
    expect((await withCruiser('no dependency violations found (9999 modules, 1 dependencies cruised)')).code).toBe(0);
  });
});
