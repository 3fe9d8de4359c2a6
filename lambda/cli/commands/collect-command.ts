/** Declares the command `collect`: its options, its help, and what it runs. */
import { parseArguments } from './parse-arguments.ts';
import type { Command } from './command.ts';

export const collectCommand: Command = {
  name: 'collect',
  summary: 'Runs the pipeline of a configuration file, once or every few seconds.',
  needed: '--config FILE',
  description:
    'Reads the sources of a configuration file, sends what they give to its sinks, and shows both.\n' +
    'The same code runs in AWS Lambda; secrets may also come from the environment ({ env }) and from files ({ file }).',
  options: {
    config: { value: 'FILE', short: 'c', help: 'The configuration, as collector.yaml.' },
    once: { help: 'One run, then the end (the default).' },
    every: { value: 'TIME', help: 'A run every so often until Ctrl-C, for example 10s or 1m.' },
    listen: {
      value: 'ADDR',
      help: 'Serves the page to scrape at this ADDRESS:PORT; needs --every.',
    },
    'dry-run': {
      help: 'Reads the sources, sends nothing; shows what each sink would send and what a month costs.',
    },
    format: {
      value: 'FORMAT',
      help: 'table (the default), prometheus (text exposition) or json (one object a run).',
    },
    json: { help: 'Short for --format json.' },
    timeout: {
      value: 'TIME',
      help: 'Longest time of a run (default 30s); sources have 60 %, sinks 40 %; on a busy machine 40 % more.',
    },
    state: {
      value: 'FOLDER',
      help: 'Where counters are kept between runs (default .ci-metrics-state beside the configuration).',
    },
    quiet: {
      short: 'q',
      help: 'Shows a run only when it had a problem, and no warnings; for cron, with the table alone.',
    },
    verbose: { short: 'v', help: 'Also logs requests and the stack of an error, on standard error.' },
  },
  notes: [
    'A source that counts finished runs counts them once, in whatever runs and processes; --dry-run saves nothing.',
    'A dry run ends with 3 when a sink would leave something out or cannot read a secret; it shows the rest all the same.',
    'Results go to standard output, everything else to standard error.',
    'With prometheus and json the output of a stdout sink goes to standard error.',
    'With --every the exit code is that of the last run that ended.',
    'Ctrl-C and SIGTERM end a run in order; one that was delivering says what was sent, and exits with 1.',
  ],
  examples: [
    { words: '--config collector.yaml', shows: 'Collect once and deliver' },
    { words: '--config collector.yaml --dry-run', shows: 'What would be sent, and its price' },
    { words: '--config collector.yaml --every 10s', shows: 'Every ten seconds until Ctrl-C' },
    {
      words: '--config collector.yaml --every 30s --listen 127.0.0.1:9464',
      shows: 'A page that Prometheus scrapes',
    },
    {
      words: '--config collector.yaml --dry-run --format prometheus > ci.prom',
      loudness: 'silent',
      shows: 'The text exposition, in a file, nothing sent',
    },
  ],
  // Loaded when needed: help and usage errors need neither the AWS SDK nor the schema.
  run: async (argv, terminal) => {
    const args = parseArguments(collectCommand, argv);
    return (await import('../collect/run-collect.ts')).runCollect(args, terminal);
  },
};
