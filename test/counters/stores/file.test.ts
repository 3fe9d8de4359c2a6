import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileStateStore } from '../../../lambda/counters/file-store.ts';
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
  storeContract(() => fileStateStore(join(folder, 'made/when/needed')));
  deadlineContract(() => fileStateStore(join(folder, 'made/when/needed')));

  it('lets only its owner read a state, and leaves nothing beside it', async () => {
    await fileStateStore(folder).save(id, { body: 'x', before: 0 }, signal);

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
    await fileStateStore(folder).save(id, { body: '{"a":1}', before: 0 }, signal);
    const changed = change(await readFile(file, 'utf8'));
    await writeFile(file, changed);

    await expect(fileStateStore(folder).load(id, signal)).rejects.toMatchObject({
      name: 'StateStoreError',
      kind: 'bad-response',
      message: `the state file ${file} is damaged; restore it from a copy, or remove it to begin to count anew`,
    });
    await expect(fileStateStore(folder).save(id, { body: 'new', before: 1 }, signal)).rejects.toMatchObject({
      kind: 'bad-response',
    });
    expect(await readFile(file, 'utf8')).toBe(changed);
  });

  it('refuses the file of a newer version', async () => {
    await writeFile(join(folder, stateFile), '{"format":2,"new":true}\n...');

    await expect(fileStateStore(folder).load(id, signal)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.stringContaining('newer version of the collector') as string,
    });
  });

  it('says what to do when its folder cannot be made or written', async () => {
    await writeFile(join(folder, 'file'), '');
    const below = fileStateStore(join(folder, 'file'));
    await mkdir(join(folder, stateFile));

    await expect(below.save(id, { body: 'x', before: 0 }, signal)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.stringContaining('choose another folder') as string,
    });
    await expect(fileStateStore(folder).load(id, signal)).rejects.toMatchObject({
      kind: 'configuration',
      message: expect.stringContaining('is a folder') as string,
    });
  });

  it.skipIf(process.getuid?.() === 0)('says when it may not write', async () => {
    await chmod(folder, 0o500);

    await expect(fileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).rejects.toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('ls -ld') as string,
    });
  });
});

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

    expect(await fileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).toBe('saved');
    expect(await readdir(folder)).toEqual([stateFile]);
  });

  it('is taken over when the process that had our number is dead', async () => {
    await symlink(lockTarget(process.pid), join(folder, `${stateFile}.lock`));

    expect(await fileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).toBe('saved');
  });

  it('is taken over also where the one that was to take it over has died', async () => {
    const pid = await deadProcess();
    await symlink(lockTarget(pid), join(folder, `${stateFile}.lock`));
    await symlink(lockTarget(pid), join(folder, `${stateFile}.lock.00000000`));

    expect(await fileStateStore(folder).save(id, { body: 'x', before: 0 }, signal)).toBe('saved');
    expect(await readdir(folder)).toEqual([stateFile]);
  });

  it('lets one of many win that find a dead one at the same time', async () => {
    const target = lockTarget(await deadProcess());
    for (let before = 0; before < 20; before += 1) {
      await symlink(target, join(folder, `${stateFile}.lock`));

      const saves = Array.from({ length: 6 }, (_, index) =>
        fileStateStore(folder).save(id, { body: String(index), before }, signal),
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

    const saving = fileStateStore(folder).save(id, { body: 'x', before: 0 }, AbortSignal.timeout(150));

    await expect(saving).rejects.toMatchObject({
      kind: 'timeout',
      message: `the state file ${join(folder, stateFile)} is locked by ${owner}; wait for it, or remove ${lock} when it is no collector`,
    });
    expect(await readdir(folder)).toEqual([`${stateFile}.lock`]);
  });

  it('is waited for until its owner has done', async () => {
    const lock = join(folder, `${stateFile}.lock`);
    await symlink(lockTarget(process.ppid), lock);

    const saving = fileStateStore(folder).save(id, { body: 'x', before: 0 }, signal);
    await rm(lock);

    expect(await saving).toBe('saved');
  });
});

/** Saves documents without an end, each with its version as its body's every character group. */
const writer = `
  const [modulePath, folder, id, size] = process.argv.slice(1);
  const { fileStateStore } = await import(modulePath);
  const store = fileStateStore(folder);
  const { signal } = new AbortController();
  for (;;) {
    const before = (await store.load(id, signal))?.version ?? 0;
    await store.save(id, { before, body: ('<' + (before + 1) + '>').repeat(Number(size)) }, signal);
    process.stdout.write('.');
  }
`;

describe('a process that is killed while it saves', () => {
  it('leaves the old document or the new one, and no lock that holds up the next', async () => {
    const store = fileStateStore(folder);
    let last = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          writer,
          join(import.meta.dirname, '../../../lambda/counters/file-store.ts'),
          folder,
          id,
          '200000',
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
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
