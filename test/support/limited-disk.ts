/** Runs code of the collector in a process that can write no more than a few kilobytes, as on a disk that is full. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * What the module prints, whose files end at so many KiB each: the write that reaches the limit is cut off in the middle,
 * and the next one fails (EFBIG), which is what a full disk does with another code.
 */
export async function withFilesUpTo(kibibytes: number, module: string): Promise<string> {
  const shell = `ulimit -f ${String(kibibytes)}; exec "$0" --input-type=module -e "$1"`;
  return (await run('bash', ['-c', shell, process.execPath, module])).stdout;
}

/** The same on a disk of that size; undefined where the machine does not allow one to be made. */
export async function onDiskOf(kibibytes: number, folder: string, module: string): Promise<string | undefined> {
  const mount = `mount -t tmpfs -o size=${String(kibibytes)}k tmpfs "$2"`;
  const shell = `${mount} || exit 77; exec "$0" --input-type=module -e "$1"`;
  const args = ['--user', '--map-root-user', '--mount', 'bash', '-c', shell, process.execPath, module, folder];
  return await run('unshare', args).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    },
  );
}

/** No such program, no right to a namespace, no right to mount. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOENT' || error.code === 77 || error.message.includes('unshare:');
}
