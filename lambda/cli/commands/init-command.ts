/** Declares the command `init`: its options, its help, and what it runs. */
import { parseArguments } from './parse-arguments.ts';
import type { Command } from './command.ts';

export const initCommand: Command = {
  name: 'init',
  summary: 'Asks a few questions and writes a checked collector.yaml.',
  description:
    'Writes a configuration for one CI system and one place to publish to, checks it, and says what to do next.\n' +
    'In a terminal it asks what no option tells. It never asks for a token, only for where it will lie.',
  options: {
    for: { value: 'PLACE', help: 'aws (the default) or terminal: where the collector will run.' },
    source: { value: 'KIND', help: 'buildkite, bitbucket-pipelines, chainloop, prometheus or tekton.' },
    account: {
      value: 'NAME',
      help: 'Workspace of Bitbucket, organization of Chainloop, or EKS cluster of Tekton.',
    },
    url: { value: 'URL', help: 'Of Chainloop, or of the page that Prometheus reads.' },
    token: {
      value: 'WHERE',
      help: 'Where its token will lie: secret:NAME, secret:NAME#KEY, parameter:NAME, env:NAME or file:PATH.',
    },
    sink: {
      value: 'KIND',
      help: 'cloudwatch, remote-write, otlp, pushgateway, datadog, new-relic, scrape-page or stdout.',
    },
    'sink-url': { value: 'URL', help: 'Of remote-write, otlp or pushgateway.' },
    'sink-token': { value: 'WHERE', help: 'Where the token or key of the sink will lie, or none.' },
    email: { value: 'ADDRESS', help: 'Who is told of alarms in AWS, or none.' },
    output: { value: 'FILE', short: 'o', help: 'Where the configuration is written (default collector.yaml).' },
    force: { help: 'Replaces a file that is there.' },
    verbose: { short: 'v', help: 'Also shows the stack of an error.' },
  },
  notes: [
    'Without a terminal nothing is asked: what has no default must be given.',
    'More sources and sinks are added by hand; docs/configuration.md has every setting.',
  ],
  examples: [
    { words: '', shows: 'Asks' },
    {
      words: '--source buildkite --token secret:ci-metrics/buildkite#agentToken --sink cloudwatch --email none',
      shows: 'Buildkite to CloudWatch, for AWS',
    },
    {
      words: '--for terminal --source buildkite --token env:BUILDKITE_AGENT_TOKEN --sink scrape-page',
      shows: 'A page for Prometheus, from this machine',
    },
  ],
  run: async (argv, terminal) => {
    const args = parseArguments(initCommand, argv);
    return (await import('../init/run-init.ts')).runInit(args, terminal);
  },
};
