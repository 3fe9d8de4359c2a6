/** Runs the command `init`: gathers answers, checks the configuration that they make, and writes it. */
import { writeFile } from 'node:fs/promises';
import { parseConfig } from '../../config/parse-config.ts';
import { replaceFile } from '../../runtime/replace-file.ts';
import { type Arguments, UsageError } from '../commands/parse-arguments.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';
import { gatherAnswers } from './gather-answers.ts';
import { describeNextSteps } from './next-steps.ts';
import { writeConfiguration } from './write-configuration.ts';

/** @throws UsageError for answers that do not fit, ConfigError for a configuration that would be refused. */
export async function runInit(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const file = args.text('output') ?? 'collector.yaml';
  const gathered = await gatherAnswers(args, terminal);
  const text = writeConfiguration(gathered);
  parseConfig(text, { file, environment: gathered.place === 'aws' ? 'lambda' : 'terminal' });
  await writeNew(file, text, args.has('force'));
  terminal.stdout.write(
    `${file} is written and checked. Next:\n${describeNextSteps(gathered, file, terminal.program)}`,
  );
  return exitCodes.ok;
}

/** What was written by hand is not for a command to replace unasked. @throws UsageError */
async function writeNew(file: string, text: string, isForced: boolean): Promise<void> {
  if (isForced) {
    await replaceFile(file, text);
    return;
  }
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    throw new UsageError(`${file} is there already; name another file with --output, or replace it with --force`);
  }
}
