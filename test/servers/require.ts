import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

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

export const withPrometheus = serverFor('Prometheus', 'prometheus', 'apt-get install prometheus');
export const withVictoriaMetrics = serverFor('VictoriaMetrics', 'victoria-metrics', 'apt-get install victoria-metrics');
export const withPushgateway = serverFor(
  'Pushgateway',
  'prometheus-pushgateway',
  'apt-get install prometheus-pushgateway',
);
export const withPromtool = serverFor('promtool', 'promtool', 'apt-get install prometheus');
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
