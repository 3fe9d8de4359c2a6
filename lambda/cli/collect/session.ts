/** Opens what all runs of one `collect` share: the configuration, the pipeline and the way in which it is shown. */
import { findIdleSettings } from '../../config/checks/find-idle-settings.ts';
import { formatPath } from '../../config/config-error.ts';
import type { CollectorConfig } from '../../config/schema.ts';
import { createFileStateStore } from '../../counters/stores/file/store.ts';
import type { LogLevel } from '../../log/lambda-log.ts';
import type { Logger } from '../../runtime/log.ts';
import { createTerminalLog } from '../../log/terminal-log.ts';
import { createRedactor, type Redactor } from '../../secrets/redaction/redactor.ts';
import { type BuiltPipeline, buildPipeline } from '../../wiring.ts';
import type { CollectSettings } from './settings.ts';
import { hasColours } from '../render/colour.ts';
import { readConfigFile } from './read-config-file.ts';
import { createJsonView } from './json-view.ts';
import { setListenAddress } from './set-listen-address.ts';
import { createPrometheusView } from './prometheus-view.ts';
import { redactTerminal } from './redact-terminal.ts';
import { chooseTheme } from '../render/theme.ts';
import { createTableView } from './table-view.ts';
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
  const config = setListenAddress(await readConfigFile(settings.configPath), settings.listen);
  const redactor = createRedactor();
  const terminal = redactTerminal(bare, redactor);
  const { variables, clock, random, stdout, stderr } = terminal;
  for (const { path, message } of findIdleSettings(config))
    stderr.write(`${settings.configPath} ${formatPath(path)}: ${message}\n`);
  const notices = createLog('warn', settings, terminal, redactor);
  const built = await buildPipeline(config, {
    variables,
    runtime: 'terminal',
    // A dry run prices what is deployed, which goes by the interval of the configuration.
    everyMs: settings.isDryRun ? undefined : settings.everyMs,
    clock,
    random,
    redactor,
    // Problems are shown in the report; the log is for what lies behind them, and for what is odd and went well.
    log: createLog(chooseLogLevel(settings), settings, terminal, redactor),
    notices,
    stateStore: () => Promise.resolve(createFileStateStore(settings.stateFolder, notices)),
    // What a stdout sink prints would make the other formats unreadable for a program.
    print: (text) => {
      (settings.format === 'table' ? stdout : stderr).write(text);
    },
  });
  return { settings, terminal, built, config, view: createView(settings, terminal) };
}

function createView(settings: CollectSettings, terminal: Terminal): View {
  switch (settings.format) {
    case 'table':
      return createTableView(chooseTheme(terminal.stdout, terminal, settings.hasColoursRefused), terminal.clock);
    case 'prometheus':
      return createPrometheusView();
    case 'json':
      return createJsonView();
  }
}

/** Of a run that went well --quiet says nothing. */
function chooseLogLevel({ isVerbose, isQuiet }: CollectSettings): LogLevel {
  if (isVerbose) return 'debug';
  return isQuiet ? 'error' : 'warn';
}

function createLog(
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
