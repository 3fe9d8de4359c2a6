/** Says why a file could not be written, or what was wrong with it, and what to do about it. */
import type { Problem } from '../../model/problem.ts';
import { explainRunEnd } from '../../runtime/abort.ts';
import { type Appended, AppendError } from './append-lines.ts';

const noRight = 'the collector may not write there; change the owner of the folder or of the file, or `path`';
const tooLarge = 'it is as large as this file system or process allows (ulimit -f); have it rotated';
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
  ['EFBIG', { kind: 'unavailable', message: tooLarge }],
]);

/** Why a file could not be written, and what to do about it. @throws what no file system answers: a bug. */
export function describeFileProblem(error: unknown, where: string, signal?: AbortSignal): Problem {
  if (error instanceof AppendError) {
    const problem = describeFileProblem(error.cause, where, signal);
    return error.leftBytes === 0 ? problem : { ...problem, message: `${problem.message}; ${explainLeftBytes(error)}` };
  }
  if (signal?.aborted === true)
    return { kind: 'timeout', where, message: `was not written before ${explainRunEnd(signal).event}` };
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  const { code } = error;
  const { kind, message } = remedies.get(code) ?? { kind: 'unavailable' as const, message: 'the file system failed' };
  return { kind, where, message: `cannot be written: ${message} (${code})` };
}

function explainLeftBytes({ leftBytes }: AppendError): string {
  return `${String(leftBytes)} bytes of it are in the file and could not be taken back; the next run repairs the last line`;
}

/** Says what an earlier write had left: a reader then knows why a line is missing. */
export function describeRepair({ repaired, removedBytes }: Appended, where: string): readonly Problem[] {
  if (repaired === undefined) return [];
  const done =
    repaired === 'line-feed'
      ? 'its last line had no end and was ended'
      : `half a line at its end was removed (${String(removedBytes)} bytes)`;
  const message = `${done}: an earlier write was cut off, by a crash, a full disk or another writer; nothing to do unless it happens again`;
  return [{ kind: 'unavailable', where, message }];
}

/** Another run publishes some of the sources at this moment. */
export function describeSkipped(sources: readonly string[], where: string): Problem {
  const message = `left as it is, because another run publishes ${sources.join(', ')} at this tick and a page is replaced as a whole; the next run writes all sources, and two collectors should not write one file`;
  return { kind: 'configuration', where, message };
}
