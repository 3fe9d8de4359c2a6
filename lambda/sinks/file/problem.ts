import type { Problem } from '../../model/problem.ts';

const noRight = 'the collector may not write there; change the owner of the folder, or `path`';
const full = 'the disk or the quota is full; free space, or have the file rotated';

const remedies: ReadonlyMap<string, Pick<Problem, 'kind' | 'message'>> = new Map([
  ['ENOENT', { kind: 'configuration', message: 'its folder does not exist; create it, or change `path`' }],
  ['ENOTDIR', { kind: 'configuration', message: 'a part of `path` before the last one is not a folder' }],
  ['EISDIR', { kind: 'configuration', message: '`path` is a folder; name a file in it' }],
  ['ENAMETOOLONG', { kind: 'configuration', message: '`path` is too long for this file system' }],
  ['EACCES', { kind: 'configuration', message: noRight }],
  ['EPERM', { kind: 'configuration', message: noRight }],
  ['EROFS', { kind: 'configuration', message: 'the file system is read-only; in AWS Lambda only /tmp is writable' }],
  ['ENOSPC', { kind: 'unavailable', message: full }],
  ['EDQUOT', { kind: 'unavailable', message: full }],
]);

/** Why a file could not be written, and what to do about it. @throws what no file system answers: a bug. */
export function problemOfFile(error: unknown, where: string): Problem {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  const { code } = error;
  if (code === 'ABORT_ERR')
    return { kind: 'timeout', where, message: 'was not written before the deadline of the run' };
  const { kind, message } = remedies.get(code) ?? { kind: 'unavailable' as const, message: 'the file system failed' };
  return { kind, where, message: `cannot be written: ${message} (${code})` };
}
