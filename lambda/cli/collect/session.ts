/** Opens what all runs of one `collect` share: the configuration, the pipeline and the way in which it is shown. */
import type { CollectorConfig } from '../../config/schema.ts';
import { fileStateStore } from '../../counters/stores/file/store.ts';
import type { LogLevel } from '../../log/lambda-log.ts';
import type { Logger } from '../../runtime/log.ts';
import { createTerminalLog } from '../../log/terminal-log.ts';
import { createRedactor, type Redactor } from '../../secrets/redaction/redactor.ts';
import { type BuiltPipeline, buildPipeline } from '../../wiring.ts';
import type { CollectSettings } from './settings.ts';
import { hasColours } from '../render/colour.ts';
import { readConfigFile } from './read-config-file.ts';
import { jsonView } from './json-view.ts';
import { listenAt } from './set-listen-address.ts';
import { prometheusView } from './prometheus-view.ts';
import { redacting } from './redact-terminal.ts';
import { lookOf } from '../render/theme.ts';
import { tableView } from './table-view.ts';
import type { Terminal } from '../terminal.ts';
import type { View } from './view.ts';

/** What all runs of one `collect` have in common. */
export interface Session {
  readonly settings: CollectSettings;
  /** Takes secrets out of everything that is written. */
  readonly terminal: Terminal;
  readonly built: BuiltPipeline;
  readonly config: CollectorConfig;
  readonly view: View;
}

/** @throws UsageError, ConfigError */
export async function openSession(settings: CollectSettings, bare: Terminal): Promise<Session> {
  const config = listenAt(await readConfigFile(settings.configPath), settings.listen);
  const redactor = createRedactor();
  const terminal = redacting(bare, redactor);
  const { variables, clock, random, stdout, stderr } = terminal;
  const notices = logAbove('warn', settings, terminal, redactor);
  const built = await buildPipeline(config, {
    variables,
    place: 'terminal',
    everyMs: settings.everyMs,
    clock,
    random,
    redactor,
    // Problems are shown in the report; the log is for what lies behind them.
    log: logAbove(settings.isVerbose ? 'debug' : 'error', settings, terminal, redactor),
    notices,
    stateStore: () => Promise.resolve(fileStateStore(settings.stateFolder, notices)),
    // What a stdout sink prints would make the other formats unreadable for a program.
    print: (text) => {
      (settings.format === 'table' ? stdout : stderr).write(text);
    },
  });
  return { settings, terminal, built, config, view: viewFor(settings, terminal) };
}

function viewFor(settings: CollectSettings, terminal: Terminal): View {
  switch (settings.format) {
    case 'table':
      return tableView(lookOf(terminal.stdout, terminal, settings.hasColoursRefused), terminal.clock);
    case 'prometheus':
      return prometheusView();
    case 'json':
      return jsonView();
  }
}

function logAbove(
  level: LogLevel,
  { hasColoursRefused: isRefused }: CollectSettings,
  { stderr, clock, variables }: Terminal,
  redactor: Redactor,
): Logger {
  return createTerminalLog({
    level,
    redactor,
    clock,
    write: (text) => {
      stderr.write(text);
    },
    colour: hasColours({ isTty: stderr.isTty, variables, isRefused }) ? 'always' : 'never',
  });
}
