/** Runs amtool over the generated configuration of Alertmanager. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const configFile = join(import.meta.dirname, '../../../dashboards/alertmanager.yaml');

export function readConfig(): string {
  return readFileSync(configFile, 'utf8');
}

/** What amtool prints. @throws when it is not content, with its reason */
export async function amtool(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute('amtool', args);
  return stdout;
}

/** The receivers of an alert with these labels, in their order. */
export async function findReceivers(
  labels: Readonly<Record<string, string>>,
  file = configFile,
): Promise<readonly string[]> {
  const given = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return (await amtool('config', 'routes', 'test', `--config.file=${file}`, ...given)).trim().split(',');
}
