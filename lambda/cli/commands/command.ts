/** The form of a command: what it declares, and how it is run. */
import type { OptionSpec } from './options.ts';
import type { ExitCode, Terminal } from '../terminal.ts';

interface Example {
  /** What stands behind the name of the command. */
  readonly words: string;
  readonly shows: string;
  /** Its output goes to a file or a program, so npm has to be silent. */
  readonly loudness?: 'silent';
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What it cannot be called without, as `--config FILE`. */
  readonly needed?: string;
  /** The kind of word that it takes without an option. */
  readonly positional?: 'SHELL';
  /** Its output is for a file or a program. */
  readonly loudness?: 'silent';
  readonly description: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly notes: readonly string[];
  readonly examples: readonly Example[];
  /** Takes the words behind the name of the command. @throws UsageError for words that it does not understand. */
  readonly run: (argv: readonly string[], terminal: Terminal) => Promise<ExitCode>;
}
