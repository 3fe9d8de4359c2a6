/** Reads a text file that a command line names, with an error that says what to do. */
import { readFile } from 'node:fs/promises';
import { UsageError } from './commands/parse-arguments.ts';

/** `remedy` says what path to give. @throws UsageError for a file that cannot be read */
export async function readTextFile(path: string, remedy: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: ${describeReason(cause)}; ${remedy}`, { cause });
  }
}

function describeReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
      return 'permission denied';
    default:
      return typeof code === 'string' ? code : 'it cannot be opened';
  }
}
