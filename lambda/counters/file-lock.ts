import { randomUUID } from 'node:crypto';
import { lstat, readlink, rm, symlink } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './error-code.ts';

/** Saves take milliseconds; whoever finds the lock taken looks again this often. */
const pollMs = 20;

/** Locks that this process holds now: its number alone may be that of a dead predecessor, in a container above all. */
const held = new Set<string>();

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/** Another process holds the lock, and lives. */
export class LockHeldError extends Error {
  override readonly name = 'LockHeldError';
}

/**
 * Works while this caller alone holds the lock. It is a symbolic link whose target names the owner: made in one step
 * with its content, so that no crash leaves one that says nothing. A dead owner's lock is taken over.
 * @throws LockHeldError when the signal aborts while another holds it.
 */
export async function withLock<Result>(
  path: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const token = await acquire(path, signal);
  try {
    return await work();
  } finally {
    // In this order: a lock that stands without being held would be taken for a predecessor's.
    await rm(path, { force: true });
    held.delete(token);
  }
}

async function acquire(path: string, signal: AbortSignal): Promise<string> {
  const token = randomUUID();
  const target = `${String(process.pid)}@${hostname()}:${token}`;
  held.add(token);
  try {
    while (!(await made(target, path))) await waitFor(path, signal);
    return token;
  } catch (error) {
    held.delete(token);
    throw error;
  }
}

async function waitFor(path: string, signal: AbortSignal): Promise<void> {
  const owner = await ownerOf(path);
  if (owner !== undefined && (await isDead(owner, path))) {
    await removeDead(path, owner, signal);
    return;
  }
  if (signal.aborted) throw new LockHeldError(describe(path, owner));
  // Who holds the lock is a better reason than that the time is over: it is told in the next round.
  await sleep(pollMs, undefined, { signal }).catch(() => undefined);
}

async function made(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when the lock is gone or no lock of this kind. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  const target = await readlink(path).catch(() => '');
  const [, pid, host, token] = /^(\d+)@(.*):([0-9a-f-]{36})$/.exec(target) ?? [];
  return pid === undefined || host === undefined || token === undefined ? undefined : { pid: Number(pid), host, token };
}

async function isDead({ pid, host, token }: Owner, path: string): Promise<boolean> {
  // The processes of another machine, or of another container, cannot be seen from here.
  if (host !== hostname()) return false;
  if (pid === process.pid) return !held.has(token);
  return !isRunning(pid) || (await isOlderThanMachine(path));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Whoever made it did not survive the restart of the machine, though its number may be another process's now. */
async function isOlderThanMachine(path: string): Promise<boolean> {
  const made = await lstat(path).catch(() => undefined);
  return made !== undefined && made.mtimeMs < Date.now() - uptime() * 1000 - clockSlackMs;
}

/** The machine's clock may have been set since. */
const clockSlackMs = 60_000;

/**
 * Two that find the same dead lock must not both remove it: the second would remove the lock that the first has made
 * meanwhile. The right to remove it is a lock by itself, named after the dead one.
 */
async function removeDead(path: string, dead: Owner, signal: AbortSignal): Promise<void> {
  await withLock(`${path}.${dead.token.slice(0, 8)}`, signal, async () => {
    const owner = await ownerOf(path);
    if (owner?.token === dead.token) await rm(path);
  });
}

function describe(path: string, owner: Owner | undefined): string {
  const who = owner === undefined ? 'something else' : `process ${String(owner.pid)} on ${owner.host}`;
  return `is locked by ${who}; wait for it, or remove ${path} when it is no collector`;
}
