/** Which lock is a dead one's is told safely: never two hold it, and no crash keeps everybody out. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lutimes, mkdtemp, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { hostname, tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createFileStateStore } from '../../../lambda/counters/stores/file/store.ts';
import { LockHeldError, LockLostError, runLocked } from '../../../lambda/counters/stores/file/lock.ts';
import { formatOwnTarget } from '../../../lambda/counters/stores/file/lock-owner.ts';

const token = '00000000-0000-4000-8000-000000000000';
const { signal } = new AbortController();

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-lock-'));
  path = join(folder, 'x.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What came of a try that waits for 150 ms, and who was told to have been taken over from. */
async function tryLock(): Promise<{ readonly outcome: string; readonly told: readonly string[] }> {
  const told: string[] = [];
  const options = {
    signal: AbortSignal.timeout(150),
    onTakenOver: (lock: string, owner: string) => told.push(`${lock} of ${owner}`),
  };
  const outcome = await runLocked(path, options, () => Promise.resolve('taken')).catch((error: unknown) =>
    error instanceof LockHeldError ? 'held' : String(error),
  );
  return { outcome, told };
}

interface Told {
  readonly pid: number;
  readonly host: string;
  readonly boot: string;
  readonly space: string;
  readonly started: string;
  readonly at: number;
}

/** The parts of the target of a lock that this process makes, some of them changed. */
function targetWith(changes: Partial<Told>): string {
  const [, pid, host, boot, space, started, at] =
    /^(\d+)@(.*)\|(.*)\|(\d+)\|(\d+)\|(\d+):/.exec(formatOwnTarget(token)) ?? [];
  const own = { pid, host, boot, space, started, at };
  const { pid: number, host: machine, ...rest } = { ...own, ...changes };
  return `${String(number)}@${String(machine)}|${[rest.boot, rest.space, rest.started, rest.at].map(String).join('|')}:${token}`;
}

/** A process that lives until the end of the test, and when it began. */
async function livingProcess(): Promise<Pick<Told, 'pid' | 'started'>> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill());
  const pid = child.pid ?? 0;
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return { pid, started: stat.split(' ')[21] ?? '' };
}

async function deadProcess(): Promise<number> {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

const otherBoot = '11111111-2222-4333-8444-555555555555';
const longAgoSeconds = Date.now() / 1000 - uptime() - 600;

describe.skipIf(process.platform !== 'linux')('a lock', () => {
  it('of a process that lives is waited for', async () => {
    await symlink(targetWith(await livingProcess()), path);

    expect(await tryLock()).toEqual({ outcome: 'held', told: [] });
  });

  it('of a dead process is taken over, and it is told from whom', async () => {
    const pid = await deadProcess();
    await symlink(targetWith({ pid }), path);

    expect(await tryLock()).toEqual({
      outcome: 'taken',
      told: [`${path} of process ${String(pid)} on ${hostname()}`],
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('is taken over where the number of its process is that of another one by now', async () => {
    const { pid, started } = await livingProcess();
    await symlink(targetWith({ pid, started: String(Number(started) - 1) }), path);

    expect(await tryLock()).toMatchObject({ outcome: 'taken' });
  });

  it('is taken over where the number of its process is ours by now', async () => {
    await symlink(targetWith({ started: '1' }), path);

    expect(await tryLock()).toMatchObject({ outcome: 'taken' });
  });

  it('of another container on this machine is waited for, though our process has the same number', async () => {
    await symlink(targetWith({ space: '4026539999' }), path);

    expect(await tryLock()).toEqual({ outcome: 'held', told: [] });
  });

  it('of another container on this machine is taken over after a minute, by the time that nobody sets', async () => {
    const at = Math.floor(uptime()) - 62;
    await symlink(targetWith({ host: 'pod-before', space: '4026539999', at }), path);

    expect(await tryLock()).toMatchObject({ outcome: 'taken' });
  });

  it('of another machine is waited for, whatever the numbers of its processes are', async () => {
    await symlink(targetWith({ host: 'elsewhere', boot: otherBoot, pid: await deadProcess(), at: 0 }), path);
    await lutimes(path, longAgoSeconds, longAgoSeconds);

    expect(await tryLock()).toMatchObject({ outcome: 'held' });
  });

  it('of another machine with the same name is waited for', async () => {
    await symlink(targetWith({ boot: otherBoot, pid: await deadProcess() }), path);

    expect(await tryLock()).toMatchObject({ outcome: 'held' });
  });

  it('that is older than the start of the machine is taken over, whatever process has the number now', async () => {
    await symlink(targetWith({ ...(await livingProcess()), boot: otherBoot }), path);
    await lutimes(path, longAgoSeconds, longAgoSeconds);

    expect(await tryLock()).toMatchObject({ outcome: 'taken' });
  });

  it('that cannot be removed at its end does not keep its own process out', async () => {
    const later = runLocked(path, { signal }, async () => {
      await rm(path);
      await symlink(targetWith({}), path);
    });
    await later;

    expect(await tryLock()).toMatchObject({ outcome: 'taken' });
  });
});

describe('a holder that stood still for so long that another one took its lock over', () => {
  it('is told so before its last step, and leaves the lock of the other one', async () => {
    const outcome = await runLocked(path, { signal }, async ({ confirm }) => {
      await confirm();
      await rm(path);
      await symlink('another holder', path);
      return await confirm().catch((error: unknown) => error);
    });

    expect(outcome).toBeInstanceOf(LockLostError);
    expect(await readlink(path)).toBe('another holder');
  });
});

describe('a file store', () => {
  it('says whose lock it has taken over', async () => {
    const told: unknown[] = [];
    const notices = { warn: (...line: readonly unknown[]) => told.push(line) };
    const pid = await deadProcess();
    const lock = join(folder, 'a.state.lock');
    await symlink(`${String(pid)}@${hostname()}:${token}`, lock);

    await createFileStateStore(folder, notices).save('a', { body: 'x', before: 0 }, signal);

    expect(told).toEqual([
      [
        'a lock was taken over: the process that made it has ended',
        { lock, owner: `process ${String(pid)} on ${hostname()}` },
      ],
    ]);
  });
});
