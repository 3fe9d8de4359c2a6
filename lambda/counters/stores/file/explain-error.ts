/** Explains what an error of the file system means for the state, and what to do about it. */
import { explainRunEnd } from '../../../runtime/abort.ts';
import { codeOf } from '../error-code.ts';
import { LockHeldError, LockLostError } from './lock.ts';
import { StateStoreError } from '../store.ts';

type Kind = StateStoreError['kind'];

/** Error codes of the operating system; what is not listed is taken for a problem that may pass. */
const explained: Readonly<Record<string, readonly [kind: Kind, reason: string]>> = {
  EACCES: ['auth', 'may not be used by this user; check the rights of the folder: ls -ld'],
  EPERM: ['auth', 'may not be used by this user; check the rights of the folder: ls -ld'],
  EROFS: ['configuration', 'lies on a file system that is read-only; choose another folder'],
  ENOTDIR: ['configuration', 'lies below something that is no folder; choose another folder'],
  EEXIST: ['configuration', 'lies below something that is no folder; choose another folder'],
  EISDIR: ['configuration', 'is a folder; remove it or choose another one'],
  ENAMETOOLONG: ['configuration', 'has too long a name; choose a shorter folder or source name'],
  ENOSPC: ['unavailable', 'cannot be written: the disk is full; free space, or choose another folder'],
  EDQUOT: ['unavailable', 'cannot be written: the quota of this user is used up; free space, or choose another folder'],
  EFBIG: [
    'unavailable',
    'cannot be written: it is larger than this file system or process allows (ulimit -f); raise the limit',
  ],
};

/** What an error of the file system means for the state at `path`. */
export function explainFileError(path: string, error: unknown, signal: AbortSignal): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const subject = `the state file ${path}`;
  if (error instanceof LockHeldError) {
    return new StateStoreError('timeout', `${subject} ${error.message}`, { cause: error });
  }
  if (error instanceof LockLostError) {
    const reason =
      'was not saved: this process stood still for so long that another one took its lock over; nothing to do unless it happens again';
    return new StateStoreError('timeout', `${subject} ${reason}`, { cause: error });
  }
  if (signal.aborted) {
    const reason = `was not done with before ${explainRunEnd(signal).event}; nothing to do unless it happens again`;
    return new StateStoreError('timeout', `${subject} ${reason}`, { cause: error });
  }
  const code = codeOf(error);
  const [kind, reason] = explained[code] ?? ['unavailable', `cannot be used (${code})`];
  return new StateStoreError(kind, `${subject} ${reason}`, { cause: error });
}
