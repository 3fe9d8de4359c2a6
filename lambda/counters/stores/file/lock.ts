/** A lock that is a symbolic link: one process at a time works on a file; a crashed process loses it. */
import { randomUUID } from 'node:crypto';
import { readlink, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../error-code.ts';
import { describeOwner, hasEnded, type Owner, formatOwnTarget, parseOwner } from './lock-owner.ts';

/** Saves take milliseconds; a process that finds the lock taken tries again after this time. */
const pollMs = 20;

/** Locks that this process holds now: its number alone may be that of a dead predecessor, in a container above all. */
const held = new Set<string>();

/** Another process holds the lock, and lives. */
export class LockHeldError extends Error {
  override readonly name = 'LockHeldError';
}

/** Another process has taken the lock over, because this one stood still for so long. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
}

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Told of each lock that a process left when it ended. */
  readonly onTakenOver?: ((path: string, owner: string) => void) | undefined;
}

export interface Lock {
  /** @throws LockLostError when the lock is no longer this caller's. */
  readonly confirm: () => Promise<void>;
}

/**
 * Works while this caller alone holds the lock. It is a symbolic link whose target names the owner: made in one step
 * with its content, so that no crash leaves one that says nothing. The lock of an owner that has ended is taken over.
 * @throws LockHeldError when the signal aborts while another holds it.
 */
export async function runLocked<Result>(
  path: string,
  options: LockOptions,
  work: (lock: Lock) => Promise<Result>,
): Promise<Result> {
  const token = randomUUID();
  const target = formatOwnTarget(token);
  held.add(token);
  try {
    await acquire(path, target, options);
    try {
      return await work({ confirm: () => confirm(path, target) });
    } finally {
      // Before it counts as not held: a lock that stands without that would be taken for a predecessor's.
      if (await isOwn(path, target)) await rm(path, { force: true });
    }
  } finally {
    held.delete(token);
  }
}

async function confirm(path: string, target: string): Promise<void> {
  if (!(await isOwn(path, target))) throw new LockLostError(`${path} is another process's by now`);
}

async function isOwn(path: string, target: string): Promise<boolean> {
  return (await readlink(path).catch(() => '')) === target;
}

async function acquire(path: string, target: string, options: LockOptions): Promise<void> {
  while (!(await makeLink(target, path))) await waitFor(path, options);
}

async function waitFor(path: string, options: LockOptions): Promise<void> {
  const { signal, onTakenOver } = options;
  const owner = await readOwner(path);
  if (owner !== undefined && (await hasEnded(owner, path, (token) => held.has(token)))) {
    if (await removeEnded(path, owner, options)) onTakenOver?.(path, describeOwner(owner));
    return;
  }
  if (signal.aborted) throw new LockHeldError(describeHolder(path, owner));
  // The next round throws an error that names the owner of the lock; an abort here would only say that time is over.
  await sleep(pollMs, undefined, { signal }).catch(() => undefined);
}

async function makeLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when the lock is gone or no lock of this kind. */
async function readOwner(path: string): Promise<Owner | undefined> {
  return parseOwner(await readlink(path).catch(() => ''));
}

/**
 * Two that find the same dead lock must not both remove it: the second would remove the lock that the first has made
 * meanwhile. The right to remove it is a lock by itself, named after the dead one.
 */
async function removeEnded(path: string, ended: Owner, { signal }: LockOptions): Promise<boolean> {
  return runLocked(`${path}.${ended.token.slice(0, 8)}`, { signal }, async () => {
    const owner = await readOwner(path);
    if (owner?.token !== ended.token) return false;
    await rm(path);
    return true;
  });
}

function describeHolder(path: string, owner: Owner | undefined): string {
  const who = owner === undefined ? 'something else' : describeOwner(owner);
  return `is locked by ${who}; wait for it, or remove ${path} when it is no collector`;
}
