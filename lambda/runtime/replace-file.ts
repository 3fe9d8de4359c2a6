/** Replaces a file as a whole: whoever reads it sees the old contents or the new ones, whatever fails in between. */
import { open, rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface ReplaceOptions {
  readonly signal?: AbortSignal;
  /** Rights of the new file; default: those that the process gives. */
  readonly mode?: number;
  /** Whether the new contents outlive a power failure from the moment on at which this ends. */
  readonly isDurable?: boolean;
  /** Asked last, before the new file takes its place; what it throws keeps the old one. */
  readonly confirm?: () => Promise<void>;
}

/** Renames within one folder, which is one step; until then the new contents are in `<path>.new`. */
export async function replaceFile(path: string, text: string, options: ReplaceOptions = {}): Promise<void> {
  const temporary = `${path}.new`;
  await prepared(temporary, text, options);
  // Outside of what removes the new file: who is refused here is no longer the one whose file it is.
  await options.confirm?.();
  await orRemoved(temporary, () => rename(temporary, path));
  if (options.isDurable === true) await syncFolder(dirname(path));
}

/** In a file of its own: one that is still being written by a process that was taken for dead gets nothing of this. */
async function prepared(path: string, text: string, { signal, mode, isDurable }: ReplaceOptions): Promise<void> {
  await unlink(path).catch(ignoreMissing);
  await using file = await open(path, 'wx', mode);
  await orRemoved(path, async () => {
    await file.writeFile(text, signal === undefined ? {} : { signal });
    if (isDurable === true) await file.sync();
  });
}

/** What is left of a full disk must not stay full; the error of the write says more than one of the removal. */
async function orRemoved(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

/** Without it a power failure can undo the rename; some file systems refuse it and then need none. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync().catch(() => undefined);
}
