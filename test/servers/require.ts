/** Decides whether tests against a real server run, are skipped with a hint, or fail where CI lacks the server. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';
import { goProgram } from './go-servers.ts';

type Suite = (title: string, tests: () => void) => void;

/**
 * A `describe` for tests against a real server. Where its command is missing, the suite is skipped and a hint tells
 * how to get it; with `CI=true` the suite fails instead, so that nothing is skipped unseen.
 */
export function serverFor(name: string, command: string, howToGet: string): Suite {
  if (commandPath(command) !== undefined) return (title, tests) => void describe(title, tests);
  const hint = `${name} is missing (no command "${command}"). Get it with: ${howToGet}`;
  if (process.env['CI'] === 'true') {
    return (title) => {
      describe(title, () => {
        it('has the server that it needs', () => {
          throw new Error(hint);
        });
      });
    };
  }
  return (title, tests) => {
    process.stderr.write(`skipped "${title}": ${hint}\n`);
    describe.skip(title, tests);
  };
}

/** A server in the edition of Debian and in that of this year: people run both. */
interface Editions {
  readonly name: string;
  readonly debian: { readonly command: string; readonly package: string };
  /** Name of the program that `npm run setup:servers` builds, and its version. */
  readonly current: { readonly program: string; readonly version: string };
}

/** A `describe` for tests of one edition of a server; they get the command that starts it. */
type EditionSuite = (title: string, tests: (command: string) => void) => void;

const setUpServers = 'npm run setup:servers';

function debianEdition({ name, debian }: Editions): EditionSuite {
  const suite = serverFor(name, debian.command, `apt-get install ${debian.package}`);
  return (title, tests) => {
    suite(title, () => {
      tests(debian.command);
    });
  };
}

function currentEdition({ name, current: { program, version } }: Editions): EditionSuite {
  const command = goProgram(program);
  const suite = serverFor(`${name} ${version}`, command, setUpServers);
  return (title, tests) => {
    suite(`${title} (${version})`, () => {
      tests(command);
    });
  };
}

function everyEdition(editions: Editions): EditionSuite {
  return (title, tests) => {
    debianEdition(editions)(title, tests);
    currentEdition(editions)(title, tests);
  };
}

const prometheus: Editions = {
  name: 'Prometheus',
  debian: { command: 'prometheus', package: 'prometheus' },
  current: { program: 'prometheus', version: '3.16' },
};

const victoriaMetrics: Editions = {
  name: 'VictoriaMetrics',
  debian: { command: 'victoria-metrics', package: 'victoria-metrics' },
  current: { program: 'victoria-metrics', version: '1.151' },
};

export const withPrometheus = everyEdition(prometheus);
export const withDebianPrometheus = debianEdition(prometheus);
export const withPrometheus3 = currentEdition(prometheus);
export const withVictoriaMetrics = everyEdition(victoriaMetrics);
export const withOtelCollector = serverFor('OpenTelemetry Collector 0.161', goProgram('otel-collector'), setUpServers);
export const withVictoriaMetrics151 = currentEdition(victoriaMetrics);
export const withPushgateway = everyEdition({
  name: 'Pushgateway',
  debian: { command: 'prometheus-pushgateway', package: 'prometheus-pushgateway' },
  current: { program: 'pushgateway', version: '1.11' },
});
export const withStatsdExporter = serverFor('statsd_exporter 0.31', goProgram('statsd_exporter'), setUpServers);
export const withPromtool = serverFor('promtool', 'promtool', 'apt-get install prometheus');
/** That of this year: it knows names with other characters than letters, digits and underscores. */
export const withCurrentPromtool = serverFor('promtool 3', goProgram('promtool'), setUpServers);
/** With amtool, which checks its configuration. */
export const withAlertmanager = serverFor(
  'Alertmanager',
  'prometheus-alertmanager',
  'apt-get install --no-install-recommends prometheus-alertmanager',
);
export const withNodeExporter = serverFor(
  'node_exporter',
  'prometheus-node-exporter',
  'apt-get install --no-install-recommends prometheus-node-exporter',
);

/** Where the shell would find a command. */
function commandPath(command: string): string | undefined {
  const folders = command.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => (folder === '' ? command : join(folder, command))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
