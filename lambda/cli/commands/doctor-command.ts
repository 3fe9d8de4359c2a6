/** Declares the command `doctor`: its options, its help, and what it runs. */
import { parseArguments } from './parse-arguments.ts';
import type { Command } from './command.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Looks at every promise of a configuration, and says what to do where one does not hold.',
  needed: '--config FILE',
  description:
    'Reads each secret, source and certificate of a configuration, has each sink take something harmless, and shows a\n' +
    'table with a remedy for everything that is not as it should be.',
  options: {
    config: { value: 'FILE', short: 'c', help: 'The configuration, as collector.yaml.' },
    json: { help: 'One JSON object with all findings, for programs.' },
    'no-write': { help: 'Writes nothing to the sinks, not even something harmless.' },
    timeout: { value: 'TIME', help: 'Longest time of the examination (default 60s).' },
    state: {
      value: 'FOLDER',
      help: 'Where collect keeps its counters (default .ci-metrics-state beside the configuration); only read.',
    },
    verbose: { short: 'v', help: 'Also logs requests and the stack of an error, on standard error.' },
  },
  notes: [
    'No value of a secret is shown. Figures of the sources are neither sent nor kept.',
    'Exit codes: 0 all is well, 3 there are warnings, 1 something fails, 4 a credential is refused, 2 a bad configuration.',
    'The deployed function answers the same for the event { "doctor": true }, from inside its network.',
  ],
  examples: [
    { words: '--config collector.yaml', shows: 'Before a deployment, or when something is wrong' },
    { words: '--config collector.yaml --json > findings.json', shows: 'For a program', loudness: 'silent' },
  ],
  run: async (argv, terminal) => {
    const args = parseArguments(doctorCommand, argv);
    return (await import('../doctor/run-doctor.ts')).runDoctor(args, terminal);
  },
};
