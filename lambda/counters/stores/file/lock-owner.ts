/** The owner of a lock, as its link names it, and whether that process can still be at work. */
import { readFileSync, readlinkSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { codeOf } from '../error-code.ts';
import { minuteMs } from '../../../model/time.ts';

export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Unlike any other lock's. */
  readonly token: string;
  /** What Linux tells besides; undefined elsewhere, and in the locks of earlier versions. */
  readonly origin: Origin | undefined;
}

/** Where and when a process began: its number alone may be another one's by now. */
interface Origin {
  /** Of the running kernel: alike in all its containers, and another one after each restart. */
  readonly boot: string;
  /** Within which the number of the process counts: containers have one each. */
  readonly processSpace: string;
  /** Of the process, in ticks since the machine started. */
  readonly started: string;
  /** When the lock was made, in seconds since the machine started: this clock is never set. */
  readonly lockedAt: number;
}

/** Two fields more than the locks of earlier versions, which take this for the lock of another machine and wait for it. */
const target =
  /^(?<pid>\d+)@(?<host>.*?)(?:\|(?<boot>[0-9a-f-]+)\|(?<space>\d+)\|(?<started>\d+)\|(?<at>\d+))?:(?<token>[0-9a-f-]{36})$/;

/** The target of the link of a lock that this process makes now. */
export function formatOwnTarget(token: string): string {
  const origin = findOwnOrigin();
  const known =
    origin === undefined
      ? ''
      : `|${origin.boot}|${origin.processSpace}|${origin.started}|${String(Math.floor(uptime()))}`;
  return `${String(process.pid)}@${hostname()}${known}:${token}`;
}

/** Undefined for what is no lock of this kind. */
export function parseOwner(text: string): Owner | undefined {
  const { pid, host, boot, space, started, at, token } = target.exec(text)?.groups ?? {};
  if (pid === undefined || host === undefined || token === undefined) return undefined;
  const isComplete = boot !== undefined && space !== undefined && started !== undefined && at !== undefined;
  const origin = isComplete ? { boot, processSpace: space, started, lockedAt: Number(at) } : undefined;
  return { pid: Number(pid), host, token, origin };
}

export function describeOwner({ pid, host }: Owner): string {
  return `process ${String(pid)} on ${host}`;
}

/**
 * A process of another container cannot be seen from here. It is given this long for what takes milliseconds, and asks
 * before its last step whether the lock is still its own.
 */
const unseenOwnerMs = minuteMs;

/** Whether the owner has ended for certain; `isHeld` tells of the locks of this process. */
export async function hasEnded(owner: Owner, path: string, isHeld: (token: string) => boolean): Promise<boolean> {
  if (isHeld(owner.token)) return false;
  const own = findOwnOrigin();
  const { pid, origin } = owner;
  return own !== undefined && origin?.boot === own.boot
    ? hasEndedHere(pid, origin, own)
    : hasEndedElsewhere(owner, path);
}

/** Of a process below the kernel that runs here, in this container or another one. */
async function hasEndedHere(pid: number, origin: Origin, own: OwnOrigin): Promise<boolean> {
  if (origin.processSpace !== own.processSpace) return (uptime() - origin.lockedAt) * 1000 > unseenOwnerMs;
  if (pid === process.pid && origin.started === own.started) return true;
  return !isRunning(pid) || (await isAnotherProcess(pid, origin.started));
}

/** Another machine's processes cannot be seen from here; those of this one have not survived its restart. */
async function hasEndedElsewhere({ pid, host, origin }: Owner, path: string): Promise<boolean> {
  if (host !== hostname()) return false;
  return (origin === undefined && hasNoProcess(pid)) || (await isOlderThanMachine(path));
}

/** For a lock that tells no more than the number of its process: ours is then that of a predecessor. */
function hasNoProcess(pid: number): boolean {
  return pid === process.pid || !isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Where other users' processes are hidden, one that runs is taken for the owner. */
async function isAnotherProcess(pid: number, started: string): Promise<boolean> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && parseStart(stat) !== started;
}

/** The process that made it ended when the machine restarted, though its number may be another process's now. */
async function isOlderThanMachine(path: string): Promise<boolean> {
  const made = await lstat(path).catch(() => undefined);
  return made !== undefined && made.mtimeMs < Date.now() - uptime() * 1000 - clockSlackMs;
}

/** The machine's clock may have been set since. */
const clockSlackMs = minuteMs;

type OwnOrigin = Omit<Origin, 'lockedAt'>;

let known: { readonly origin: OwnOrigin | undefined } | undefined;

/** Never changes while a process lives. */
function findOwnOrigin(): OwnOrigin | undefined {
  known ??= { origin: readOwnOrigin() };
  return known.origin;
}

function readOwnOrigin(): OwnOrigin | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const processSpace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    const started = parseStart(readFileSync('/proc/self/stat', 'utf8'));
    return processSpace === undefined || started === undefined ? undefined : { boot, processSpace, started };
  } catch {
    return undefined;
  }
}

/** Field 22 (proc_pid_stat(5)); counted from behind the name, which may hold blanks and brackets. */
function parseStart(stat: string): string | undefined {
  const behindName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return behindName[22 - 3];
}
