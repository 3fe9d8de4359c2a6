/** The form of a command: what it declares, and how it is run. */
import type { OptionSpec } from './options.ts';
import type { ExitCode, Terminal } from '../terminal.ts';

interface Example {
  readonly command: string;
  readonly shows: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** How it is called, without its options. */
  readonly call: string;
  readonly description: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly notes: readonly string[];
  readonly examples: readonly Example[];
  /** Takes the words behind the name of the command. @throws UsageError for words that it does not understand. */
  readonly run: (argv: readonly string[], terminal: Terminal) => Promise<ExitCode>;
}
