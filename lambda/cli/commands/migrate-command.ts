/** The command that makes a configuration of what buildkite-agent-metrics was told. */
import type { Command } from './command.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Makes a configuration of a command line or an environment of buildkite-agent-metrics.',
  loudness: 'silent',
  description:
    'Takes every flag of buildkite-agent-metrics as it is written there, or the variables of its functions, and prints\n' +
    'a checked configuration that publishes the same under the same names. Tokens become references, never text.',
  options: {
    environment: {
      value: 'FILE',
      help: 'Variables as NAME=value lines, or as aws lambda get-function-configuration prints them.',
    },
    for: { value: 'PLACE', help: 'aws (the default, but for a page to scrape) or terminal: where tokens will lie.' },
    'newrelic-account': {
      value: 'NUMBER',
      help: 'Number of the account at New Relic, which its events need.',
    },
  },
  notes: [
    'The configuration goes to standard output; what differs and what is left to do goes to standard error.',
    'Without a flag of the program the variables of its Lambda or Google Cloud function are read.',
    'Exit code 2 also for a configuration that is printed and refused, with the reason.',
  ],
  examples: [
    {
      loudness: 'silent',
      words: '-token abc123 -interval 30s -backend statsd -statsd-tags > collector.yaml',
      shows: 'From the command line of the program',
    },
    {
      loudness: 'silent',
      words: '-environment lambda.json > collector.yaml',
      shows: 'From a function: aws lambda get-function-configuration --function-name NAME > lambda.json',
    },
  ],
  // Loaded when needed: help needs neither the schema nor the writer of YAML.
  run: async (argv, terminal) => (await import('../migrate/run-migrate.ts')).runMigrate(argv, terminal),
};
