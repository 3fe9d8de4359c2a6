/** Looks whether the file can be written, for the doctor, and leaves it as it is. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Finding } from '../../model/finding.ts';
import { describeWrite } from '../describe-write.ts';
import { describeFileProblem } from './problems.ts';

/** A page is made beside the file and put in its place, so that it is the folder that has to be writable. */
export async function examineWrite(path: string, where: string): Promise<readonly Finding[]> {
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
    await assertNoFolder(path);
    return describeWrite(where, 'can be written', undefined);
  } catch (error) {
    return describeWrite(where, '', describeFileProblem(error, where));
  }
}

async function assertNoFolder(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found?.isDirectory() === true) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
}
