/** Prints the completion script of a shell. */
import type { Command } from '../commands/command.ts';
import { UsageError } from '../commands/parse-arguments.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';
import { writeBash, writeFish, writeZsh } from './scripts.ts';

const writers: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: writeBash,
  zsh: writeZsh,
  fish: writeFish,
};

/** @throws UsageError for a shell that there is no script for. */
export function runCompletion(argv: readonly string[], commands: readonly Command[], { stdout }: Terminal): ExitCode {
  const [shell, ...more] = argv.filter((word) => word !== '--no-color');
  const write = writers[shell ?? ''];
  if (write === undefined || more.length > 0)
    throw new UsageError(`completion takes one shell: ${Object.keys(writers).join(', ')}`);
  stdout.write(write(commands));
  return exitCodes.ok;
}
