/** Reads the configuration file of a command, with an error that says what to do. */
import { readFile } from 'node:fs/promises';
import { parseConfig } from '../../config/parse-config.ts';
import type { CollectorConfig } from '../../config/schema.ts';
import { UsageError } from '../commands/parse-arguments.ts';

/** @throws UsageError for a file that cannot be read, ConfigError for one with mistakes in it. */
export async function readConfigFile(path: string): Promise<CollectorConfig> {
  return parseConfig(await readText(path), { file: path, environment: 'terminal' });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `cannot read ${path}: ${describeReason(error)}; give the path of a collector.yaml with --config`,
      {
        cause: error,
      },
    );
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
