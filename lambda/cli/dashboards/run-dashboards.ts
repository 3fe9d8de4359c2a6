/** Runs the command `dashboards`: writes what Grafana, Prometheus and Alertmanager load into a folder. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../runtime/replace-file.ts';
import { type Arguments, UsageError } from '../commands/parse-arguments.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';

const kinds = {
  grafana: /^grafana-.*\.json$/,
  rules: /^(?:prometheus|mimir)-rules.*\.yaml$/,
  alertmanager: /^alertmanager.*\.yaml$/,
} as const satisfies Record<string, RegExp>;

interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

/** Writes nothing where a file was changed by hand, so that all files are of one version. @throws UsageError */
export async function runDashboards(args: Arguments, { stdout }: Terminal): Promise<ExitCode> {
  const folder = args.text('to');
  if (folder === undefined) throw new UsageError('dashboards needs a folder: --to FOLDER');
  const only = args.choice('only', ['grafana', 'rules', 'alertmanager'] as const);
  const files = await readShipped(folder, only === undefined ? Object.values(kinds) : [kinds[only]]);
  const changed = args.has('force') ? [] : await findChanged(files);
  if (changed.length > 0)
    throw new UsageError(`${changed.join(', ')} is there with other content; --force replaces it`);
  await mkdir(folder, { recursive: true });
  for (const { path, text } of files) {
    await replaceFile(path, text);
    stdout.write(`${path}\n`);
  }
  return exitCodes.ok;
}

async function readShipped(folder: string, patterns: readonly RegExp[]): Promise<readonly WrittenFile[]> {
  const shipped = findShipped();
  const names = (await readdir(shipped)).filter((name) => patterns.some((pattern) => pattern.test(name))).sort();
  return await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), text: await readFile(join(shipped, name), 'utf8') })),
  );
}

/** Beside the bundled command in the package, at the top of the repository. */
function findShipped(): string {
  const folders = ['../dashboards', '../../../dashboards'].map((path) => join(import.meta.dirname, path));
  const found = folders.find((folder) => existsSync(join(folder, 'prometheus-rules.yaml')));
  if (found === undefined) throw new Error(`the dashboards are missing in ${folders.join(' and ')}; install again`);
  return found;
}

async function findChanged(files: readonly WrittenFile[]): Promise<readonly string[]> {
  const states = await Promise.all(
    files.map(async ({ path, text }) => ({ path, text, there: await readOrNothing(path) })),
  );
  return states.filter(({ text, there }) => there !== undefined && there !== text).map(({ path }) => path);
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
