/** Declares the command `dashboards`: its options, its help, and what it runs. */
import { parseArguments } from './parse-arguments.ts';
import type { Command } from './command.ts';

export const dashboardsCommand: Command = {
  name: 'dashboards',
  summary: 'Writes the Grafana dashboards and the Prometheus rules into a folder.',
  description:
    'Writes the dashboards for Grafana and the alerting rules for Prometheus that fit the metrics of this version.\n' +
    'In CloudWatch the stack makes dashboard and alarms by itself.',
  options: {
    to: { value: 'FOLDER', help: 'Where the files are written; the folder is made where it is missing.' },
    only: { value: 'KIND', help: 'grafana, rules or alertmanager; default: all.' },
    force: { help: 'Replaces files that were changed.' },
    verbose: { short: 'v', help: 'Also shows the stack of an error.' },
  },
  notes: ['A file that is there with other content stays, and the command ends with 2, unless --force is given.'],
  examples: [
    { words: '--to monitoring', shows: 'Everything' },
    { words: '--to /etc/prometheus/rules --only rules', shows: 'What Prometheus loads' },
  ],
  run: async (argv, terminal) => {
    const args = parseArguments(dashboardsCommand, argv);
    return (await import('../dashboards/run-dashboards.ts')).runDashboards(args, terminal);
  },
};
