/** Declares the command `demo`: its options, its help, and what it runs. */
import { parseArguments } from './parse-arguments.ts';
import type { Command } from './command.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'The whole collector against a simulated CI fleet; needs no account.',
  description:
    'Starts simulated CI systems on this machine (Buildkite, GitHub, Bitbucket, Tekton, Chainloop), collects all of\n' +
    'them every few seconds through the real pipeline, shows the queues and serves the metrics. Without a terminal it\n' +
    'prints a block for each run.',
  options: {
    every: { value: 'TIME', help: 'Time between two runs (default 3s).' },
    speed: { value: 'N', help: 'Simulated seconds a second, 0.1 to 100 (default 10).' },
    seed: { value: 'N', help: 'Another fleet; the same seed gives the same one again (default 1).' },
    busy: { value: 'TIME', help: 'Builds begin for this long only, then the fleet comes to rest (default: always).' },
    for: { value: 'TIME', help: 'Ends by itself (default: Ctrl-C, and 15s without a terminal).' },
    port: { value: 'N', help: 'Port of /metrics on 127.0.0.1 (default 9464, or any when it is taken; 0 means any).' },
    push: { value: 'URL', help: 'Also pushes to this Pushgateway.' },
    'remote-write': { value: 'URL', help: 'Also writes to this Prometheus remote-write endpoint.' },
    state: {
      value: 'FOLDER',
      help: 'Keeps counters and fleet in this folder; the next demo with it continues both.',
    },
    'write-config': {
      value: 'FOLDER',
      help: 'Writes a collector.yaml for the simulated systems there, for collect in another terminal.',
    },
    verbose: { short: 'v', help: 'Also shows the stack of an error that ends the demo.' },
  },
  notes: [
    'Everything listens on 127.0.0.1 only; nothing leaves this machine unless --push or --remote-write names a place.',
    '--speed times --every is an hour at most, which is what one run can read; for collect on --write-config, too.',
    'Ctrl-C ends with exit code 0; 1 means that no run delivered anything.',
  ],
  examples: [
    { words: '', shows: 'A live table until Ctrl-C' },
    { words: '--speed 60 --every 1s', shows: 'An hour of CI in a minute' },
    { words: '--remote-write http://127.0.0.1:9090/api/v1/write', shows: 'Into a Prometheus' },
    { words: '--write-config play', shows: 'Systems to try a configuration of your own with' },
    { words: '--for 30s | cat', shows: 'Plain lines for half a minute' },
  ],
  // Loaded when needed: help and usage errors need no pipeline.
  run: async (argv, terminal) => {
    const args = parseArguments(demoCommand, argv);
    return (await import('../demo/run-demo.ts')).runDemo(args, terminal);
  },
};
