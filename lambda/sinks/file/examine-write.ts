/** Looks whether the file can be written, for the doctor, and leaves it as it is. */
import type { Stats } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Finding } from '../../model/finding.ts';
import { describeWrite } from '../describe-write.ts';
import type { FileConfig } from './config.ts';
import { describeFileProblem } from './problems.ts';

export async function examineWrite({ path, format }: FileConfig, where: string): Promise<readonly Finding[]> {
  try {
    const found = await findStats(path);
    if (found?.isDirectory() === true) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    if (format === 'json' && found !== undefined) await assertAppendable(path, found);
    else await access(dirname(path), constants.W_OK | constants.X_OK);
    return describeWrite(where, 'can be written', undefined);
  } catch (error) {
    return describeWrite(where, '', describeFileProblem(error, where));
  }
}

/** Undefined: nothing is there yet. */
async function findStats(path: string): Promise<Stats | undefined> {
  return await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/**
 * Lines are appended to the file that is there, whatever the rights of its folder; the end of a regular one is read
 * before, for half a line. A page is made beside the file and put in its place, so that it needs the folder.
 */
async function assertAppendable(path: string, found: Stats): Promise<void> {
  await access(path, found.isFile() ? constants.R_OK | constants.W_OK : constants.W_OK);
}
