/** Declares the command `completion`: its help, and what it runs. */
import type { Command } from './command.ts';

/** @param listCommands all commands, this one included; asked for when it runs. */
export function createCompletionCommand(listCommands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'Prints what a shell needs to complete commands and options.',
    positional: 'SHELL',
    needed: 'SHELL',
    description: 'Prints a script for bash, zsh or fish, which completes the commands, their options and file names.',
    options: {},
    notes: ['It completes the installed command ci-metrics-collector, not npm scripts of the repository.'],
    examples: [
      { words: 'bash > ~/.local/share/bash-completion/completions/ci-metrics-collector', shows: 'For bash' },
      { words: 'zsh > "${fpath[1]}/_ci-metrics-collector"', shows: 'For zsh' },
      { words: 'fish > ~/.config/fish/completions/ci-metrics-collector.fish', shows: 'For fish' },
    ],
    run: async (argv, terminal) =>
      (await import('../completion/run-completion.ts')).runCompletion(argv, listCommands(), terminal),
  };
}
