/** Writes what `collect` needs to read the simulated systems of a demo: a collector.yaml, and its tokens as files. */
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { replaceFile } from '../runtime/replace-file.ts';
import { UsageError } from './commands/parse-arguments.ts';
import { describeSystems } from './demo/systems/open-systems.ts';
import type { DemoSystem } from './demo/systems/system.ts';
import type { Program } from './program.ts';

/** As an operator would keep tokens, though these open nothing. */
const readableByOwner = 0o600;

/** Tells a file of an earlier demo from one of the user. */
const mark = '# The simulated CI systems of a demo';

const head = (folder: string, program: Program): string => `\
${mark}, as long as it runs; the next one with --write-config writes this file anew.
# In another terminal:  ${program.call('collect', `--config ${join(folder, 'collector.yaml')} --dry-run`)}
# What collect has counted lies beside this file, in .ci-metrics-state: a new demo has other builds, so remove it then.
`;

/** @returns the path of the configuration. @throws UsageError where one stands that no demo has written. */
export async function writeDemoFiles(
  folder: string,
  systems: readonly DemoSystem[],
  program: Program,
): Promise<string> {
  const config = join(folder, 'collector.yaml');
  await refuseOther(config);
  const tokenFolder = join(resolve(folder), 'tokens');
  const fileOf = (name: string): string => join(tokenFolder, name);
  const { sources, tokens } = describeSystems(systems, (name) => ({ file: fileOf(name) }));
  await mkdir(tokenFolder, { recursive: true });
  for (const [name, token] of Object.entries(tokens)) await replaceFile(fileOf(name), token, { mode: readableByOwner });
  const sinks = [{ kind: 'file', path: join(resolve(folder), 'ci.prom') }];
  await replaceFile(config, `${head(folder, program)}${stringify({ collector: 'play', sources, sinks })}`);
  return config;
}

async function refuseOther(config: string): Promise<void> {
  const there = await readFile(config, 'utf8').catch(markOfMissing);
  if (there.startsWith(mark)) return;
  throw new UsageError(`--write-config would replace ${config}, which no demo has written; name another folder`);
}

/** What is there and cannot be read is not the demo's to replace. */
function markOfMissing(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return mark;
  throw error;
}
