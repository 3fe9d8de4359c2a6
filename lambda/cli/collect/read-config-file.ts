/** Reads the configuration file of a command, with an error that says what to do. */
import { parseConfig } from '../../config/parse-config.ts';
import type { CollectorConfig } from '../../config/schema.ts';
import { readTextFile } from '../read-text-file.ts';

/** @throws UsageError for a file that cannot be read, ConfigError for one with mistakes in it. */
export async function readConfigFile(path: string): Promise<CollectorConfig> {
  const text = await readTextFile(path, 'give the path of a collector.yaml with --config');
  return parseConfig(text, { file: path, environment: 'terminal' });
}
