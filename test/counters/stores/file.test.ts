/** Tests of the state store in a file: permissions, damage, full disks and two processes at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFileStateStore } from '../../../lambda/counters/stores/file/store.ts';
import { onDiskOf, withFilesUpTo } from '../../support/limited-disk.ts';
import { deadlineContract, noise, signal, storeContract } from './contract.ts';

let root: string;
let folder: string;
const id = 'buildkite/main';
const stateFile = 'buildkite%2fmain.state';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ci-metrics-state-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'store-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a file store', () => {
  storeContract(() => createFileStateStore(join(folder, 'made/when/needed')));
  deadlineContract(() => createFileStateStore(join(folder, 'made/when/needed')));

  it('lets only its owner read a state, and leaves nothing beside it', async () => {
    await createFileStateStore(folder).save(id, { body: 'x', before: 0 }, signal);

    expect(await readdir(folder)).toEqual([stateFile]);
    expect((await stat(join(folder, stateFile))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['is cut', (text: string) => text.slice(0, -2)],
    ['has a changed end', (text: string) => `${text}more`],
    ['is empty', () => ''],
    ['is something else', () => 'hello\nworld'],
    ['belongs to another source', (text: string) => text.replace('/main', '/next')],
  ])('refuses a file that %s, and leaves it as it is', async (_name, change) => {
    const file = join(folder, stateFile);
    await createFileStateStore(folder).save(id, { body: '{"a":1}', before: 0 }, signal);
    const changed = change(await readFile(file, 'utf8'));
    await writeFile(file, changed);

    await expect(createFileStateStore(folder).load(id, signal)).rejects.toMatchObject({
      name: 'StateStoreError',
      kind: 'bad-response',
      message: `the state file ${file} is damaged; restore it from a copy, or remove it to begin to count anew`,
    });
    await expect(createFileStateStore(folder).save(id, { body: 'new', before: 1 }, signal)).rejects.toMatchObject({
      kind: 'bad-response',
    });
    expect(await readFile(file, 'utf8')).toBe(changed);
  });

  it.each([
    ['a number of its body', (text: string) => text.replace('"a":1', '"a":9')],
    ['its version', (text: string) => text.replace('"version":1', '"version":2')],
    ['its checksum', (text: string) => text.replace(/"seal":"./, (start) => `${start.slice(0, -1)}_`)],
  ])('refuses a file of which somebody changed %s by hand, and counts on from nothing of it', async (_name, change) => {
    const file = join(folder, stateFile);
    await createFileStateStore(folder).save(id, { body: '{"a":1}', before: 0 }, signal);
    const changed = change(await readFile(file, 'utf8'));
    await writeFile(file, changed);

    await expect(createFileStateStore(folder).load(id, signal)).rejects.toMatchObject({
      kind: 'bad-response',
      message: `the state file ${file} does not fit its checksum: somebody has changed it by hand, or the disk has; restore it from a copy, or remove it to begin to count anew`,
    });
    for (const before of [0, 1, 2])
      await expect(createFileStateStore(folder).save(id, { body: 'new', before }, signal)).rejects.toThrow(
        'its checksum',
      );
    expect(await readFile(file, 'utf8')).toBe(changed);
  });

  it('reads the file of an earlier version, which had no checksum, and then writes one', async () => {
    const file = join(folder, stateFile);
    await writeFile(file, `{"format":1,"id":"${id}","version":7,"bytes":7}\n{"a":1}`);
    const store = createFileStateStore(folder);

    expect(await store.load(id, signal)).toEqual({ version: 7, body: '{"a":1}' });
    expect(await store.save(id, { body: '{"a":2}', before: 7 }, signal)).toBe('saved');

    await writeFile(file, (await readFile(file, 'utf8')).replace('"a":2', '"a":3'));
    await expect(store.load(id, signal)).rejects.toThrow('does not fit its checksum');
  });

  it('names the limit and the remedy for a file of 600 MB, and does not read it', async () => {
    const file = join(folder, stateFile);
    await writeFile(file, '');
    await truncate(file, 600 * 1024 * 1024);
    const store = createFileStateStore(folder);

    for (const using of [store.load(id, signal), store.save(id, { body: 'x', before: 0 }, signal)])
      await expect(using).rejects.toMatchObject({
        kind: 'bad-response',
        message: `the state file ${file} has 600 MiB, and no state has more than 256 MiB: it was not read; restore it from a copy, or remove it to begin to count anew`,
      });
  });

  it('refuses to save what it would not read, before it writes any of it', async () => {
    const body = 'x'.repeat(256 * 1024 * 1024 + 1);

    await expect(createFileStateStore(folder).save(id, { body, before: 0 }, signal)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.stringMatching(/would have 256 MiB, above 256 MiB; lower seriesPerMetric, /) as string,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps the old document and leaves nothing behind where a new one does not fit on the disk', async () => {
    await createFileStateStore(folder).save(id, { body: 'old', before: 0 }, signal);

    const printed = await withFilesUpTo(16, savesTooMuch(1));

    expect(printed).toBe(
      `unavailable: the state file ${join(folder, stateFile)} cannot be written: it is larger than this file system or process allows (ulimit -f); raise the limit`,
    );
    expect(await readdir(folder)).toEqual([stateFile]);
    expect(await createFileStateStore(folder).load(id, signal)).toEqual({ version: 1, body: 'old' });
  });

  it('does so on a disk that is full', async ({ skip }) => {
    const printed = await onDiskOf(
      64,
      folder,
      `${savesTooMuch(0)} process.stdout.write(JSON.stringify((await import('node:fs')).readdirSync(${JSON.stringify(folder)})));`,
    );
    if (printed === undefined) return skip('this machine lets nobody make a small disk');

    expect(printed).toBe(
      `unavailable: the state file ${join(folder, stateFile)} cannot be written: the disk is full; free space, or choose another folder[]`,
    );
  });

  it('refuses the file of a newer version', async () => {
    await writeFile(join(folder, stateFile), '{"format":3,"new":true}\n...');

    await expect(createFileStateStore(folder).load(id, signal)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.stringContaining('newer version of the collector') as string,
    });
  });

  it('says what to do when its folder cannot be made or written', async () => {
    await writeFile(join(folder, 'file'), '');
    const below = createFileStateStore(join(folder, 'file'));
    await mkdir(join(folder, stateFile));

    await expect(below.save(id, { body: 'x', before: 0 }, signal)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.stringContaining('choose another folder') as string,
    });
    await expect(createFileStateStore(folder).load(id, signal)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.stringContaining('is a folder') as string,
    });
  });

  it.skipIf(process.getuid?.() === 0)('says when it may not write', async () => {
    await chmod(folder, 0o500);

    await expect(createFileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).rejects.toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('ls -ld') as string,
    });
  });
});

const storeModule = join(import.meta.dirname, '../../../lambda/counters/stores/file/store.ts');

/** For a process of its own: saves 100 kB over a version, and prints what is wrong with that. */
function savesTooMuch(before: number): string {
  return `
    const { createFileStateStore } = await import(${JSON.stringify(storeModule)});
    const document = { body: 'x'.repeat(100_000), before: ${String(before)} };
    const saving = createFileStateStore(${JSON.stringify(folder)}).save('${id}', document, new AbortController().signal);
    process.stdout.write(await saving.catch(({ kind, message }) => kind + ': ' + message));
  `;
}

/** The number of a process that has ended. */
async function deadProcess(): Promise<number> {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

function lockTarget(pid: number, host = hostname()): string {
  return `${String(pid)}@${host}:00000000-0000-4000-8000-000000000000`;
}

describe('the lock of a file store', () => {
  it('is taken over from a process that is dead', async () => {
    await symlink(lockTarget(await deadProcess()), join(folder, `${stateFile}.lock`));

    expect(await createFileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).toBe('saved');
    expect(await readdir(folder)).toEqual([stateFile]);
  });

  it('is taken over when the process that had our number is dead', async () => {
    await symlink(lockTarget(process.pid), join(folder, `${stateFile}.lock`));

    expect(await createFileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).toBe('saved');
  });

  it('is taken over also where the one that was to take it over has died', async () => {
    const pid = await deadProcess();
    await symlink(lockTarget(pid), join(folder, `${stateFile}.lock`));
    await symlink(lockTarget(pid), join(folder, `${stateFile}.lock.00000000`));

    expect(await createFileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).toBe('saved');
    expect(await readdir(folder)).toEqual([stateFile]);
  });

  it('lets one of many win that find a dead one at the same time', async () => {
    const target = lockTarget(await deadProcess());
    for (let before = 0; before < 20; before += 1) {
      await symlink(target, join(folder, `${stateFile}.lock`));

      const saves = Array.from({ length: 6 }, (_, index) =>
        createFileStateStore(folder).save(id, { body: String(index), before }, signal),
      );

      expect((await Promise.all(saves)).filter((saved) => saved === 'saved')).toHaveLength(1);
    }
  });

  it.each([
    ['a process that lives', lockTarget(process.ppid), `process ${String(process.ppid)} on ${hostname()}`],
    ['another machine', lockTarget(1, 'elsewhere'), 'process 1 on elsewhere'],
    ['something else', 'no owner', 'something else'],
  ])('that %s holds is waited for, and then named', async (_name, target, owner) => {
    const lock = join(folder, `${stateFile}.lock`);
    await symlink(target, lock);

    const saving = createFileStateStore(folder).save(id, { body: 'x', before: 0 }, AbortSignal.timeout(150));

    await expect(saving).rejects.toMatchObject({
      kind: 'timeout',
      message: `the state file ${join(folder, stateFile)} is locked by ${owner}; wait for it, or remove ${lock} when it is no collector`,
    });
    expect(await readdir(folder)).toEqual([`${stateFile}.lock`]);
  });

  it('is waited for until its owner has done', async () => {
    const lock = join(folder, `${stateFile}.lock`);
    await symlink(lockTarget(process.ppid), lock);

    const saving = createFileStateStore(folder).save(id, { body: 'x', before: 0 }, signal);
    await rm(lock);

    expect(await saving).toBe('saved');
  });
});

/** Saves documents without an end, each with its version as its body's every character group. */
const writer = `
  const [modulePath, folder, id, size] = process.argv.slice(1);
  const { createFileStateStore } = await import(modulePath);
  const store = createFileStateStore(folder);
  const { signal } = new AbortController();
  for (;;) {
    const before = (await store.load(id, signal))?.version ?? 0;
    await store.save(id, { before, body: ('<' + (before + 1) + '>').repeat(Number(size)) }, signal);
    process.stdout.write('.');
  }
`;

describe('a process that is killed while it saves', () => {
  it('leaves the old document or the new one, and no lock that holds up the next', async () => {
    const store = createFileStateStore(folder);
    let last = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer, storeModule, folder, id, '200000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 3 + round * 7));
      child.kill('SIGKILL');
      await once(child, 'exit');

      const found = await store.load(id, signal);
      expect(found?.version).toBeGreaterThan(last);
      last = found?.version ?? 0;
      expect(found?.body === `<${String(last)}>`.repeat(200_000)).toBe(true);
      expect(await store.save(id, { before: last, body: noise(10) }, signal)).toBe('saved');
      last += 1;
    }
  });
});
