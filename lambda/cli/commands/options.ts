/** The form of an option, and the options that every command has. */

/** One option as it is parsed and as the help shows it: one place for both, so that they cannot differ. */
export interface OptionSpec {
  /** Placeholder of its value, as `FILE`; without it the option is a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly help: string;
}

/** Options of every command. */
export const commonOptions = {
  'no-color': { help: 'No colours; NO_COLOR=1 does the same, FORCE_COLOR=1 the opposite.' },
  help: { short: 'h', help: 'This help.' },
  version: { short: 'V', help: 'The version.' },
} as const satisfies Record<string, OptionSpec>;
