/** Appends lines to a file, all or none: a half line of an earlier write is repaired, and a failed write is undone. */
import { type FileHandle, open, stat, writeFile } from 'node:fs/promises';
import { findRepair, type Repair } from './find-repair.ts';

/** The deadline is checked after so many bytes; Node writes whole files in pieces of this size. */
const bytesPerWrite = 512 * 1024;

export interface Appended {
  /** What had to be repaired before; nothing nearly always. */
  readonly repaired: Exclude<Repair, undefined> | undefined;
  /** Bytes that the repair has removed. */
  readonly removedBytes: number;
}

/** The lines are not in the file, or only a part of them because it could not be taken back. */
export class AppendError extends Error {
  override readonly name = 'AppendError';
  readonly leftBytes: number;

  constructor(cause: unknown, leftBytes: number) {
    super('the lines could not be appended', { cause });
    this.leftBytes = leftBytes;
  }
}

/** @throws AppendError; errors of opening as they are. */
export async function appendLines(path: string, text: string, signal: AbortSignal): Promise<Appended> {
  signal.throwIfAborted();
  if (await isNoRegularFile(path)) {
    await writeFile(path, text, { flag: 'a', signal });
    return { repaired: undefined, removedBytes: 0 };
  }
  await using file = await open(path, 'a+');
  const { size } = await file.stat();
  const repaired = await findRepair(file, size);
  const kept = typeof repaired === 'object' ? repaired.cutTo : size;
  if (kept < size) await file.truncate(kept);
  await writeBytes(file, Buffer.from(repaired === 'line-feed' ? `\n${text}` : text), kept, signal);
  return { repaired, removedBytes: size - kept };
}

/** Pipes, terminals and devices have no end to repair, and nothing can be taken back from them. */
async function isNoRegularFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === false;
}

async function writeBytes(file: FileHandle, bytes: Uint8Array, before: number, signal: AbortSignal): Promise<void> {
  let written = 0;
  try {
    while (written < bytes.length) {
      signal.throwIfAborted();
      const { bytesWritten } = await file.write(bytes, written, Math.min(bytesPerWrite, bytes.length - written));
      written += bytesWritten;
    }
  } catch (error) {
    throw new AppendError(error, (await takeBack(file, before, written)) ? 0 : written);
  }
}

/** Not where the file has another length than these lines gave it: what another process has written must not go. */
async function takeBack(file: FileHandle, before: number, written: number): Promise<boolean> {
  try {
    const { size } = await file.stat();
    if (size !== before + written) return false;
    if (written > 0) await file.truncate(before);
    return true;
  } catch {
    return false;
  }
}
