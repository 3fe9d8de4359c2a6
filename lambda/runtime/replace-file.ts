/** Replaces a file in one step: readers see the old contents or the new ones, whatever fails in between. */
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
  await prepareFile(temporary, text, options);
  // Not within `removeOnError`: where this throws, the new file may already belong to another process.
  await options.confirm?.();
  await removeOnError(temporary, () => rename(temporary, path));
  if (options.isDurable === true) await flushFolder(dirname(path));
}

/** Creates a file of its own, so that another process that still writes to the old one does not mix with it. */
async function prepareFile(path: string, text: string, { signal, mode, isDurable }: ReplaceOptions): Promise<void> {
  await unlink(path).catch(ignoreMissing);
  await using file = await open(path, 'wx', mode);
  await removeOnError(path, async () => {
    await file.writeFile(text, signal === undefined ? {} : { signal });
    if (isDurable === true) await file.sync();
  });
}

/** Removes the file on an error, so that a full disk is not kept full; that error is thrown, not one of the removal. */
async function removeOnError(path: string, work: () => Promise<void>): Promise<void> {
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
async function flushFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync().catch(() => undefined);
}
