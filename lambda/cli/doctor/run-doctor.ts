/** Runs the command `doctor`: examines a configuration and shows what was found. */
import type { CollectorConfig } from '../../config/schema.ts';
import { createFileStateStore } from '../../counters/stores/file/store.ts';
import { examine } from '../../doctor/examine.ts';
import { formatFindings } from '../../doctor/format-findings.ts';
import { type Health, sortFindings, summarizeHealth } from '../../doctor/sort-findings.ts';
import { createTerminalLog } from '../../log/terminal-log.ts';
import type { Finding } from '../../model/finding.ts';
import { escapeUnseen } from '../../model/text/outside-text.ts';
import { createDeadline } from '../../runtime/deadline.ts';
import type { Logger } from '../../runtime/log.ts';
import { createRedactor, type Redactor } from '../../secrets/redaction/redactor.ts';
import { type BuiltPipeline, buildPipeline } from '../../wiring.ts';
import { readConfigFile } from '../collect/read-config-file.ts';
import { redactTerminal } from '../collect/redact-terminal.ts';
import type { Arguments } from '../commands/parse-arguments.ts';
import { hasColours } from '../render/colour.ts';
import { chooseTheme } from '../render/theme.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';
import { checkCost } from './check-cost.ts';
import { renderFindings } from './render-findings.ts';
import { type DoctorSettings, parseDoctorSettings } from './settings.ts';

const exitCodeOf = {
  ok: exitCodes.ok,
  warning: exitCodes.degraded,
  failed: exitCodes.failed,
  refused: exitCodes.refused,
} as const satisfies Record<Health, ExitCode>;

/** @throws UsageError, ConfigError */
export async function runDoctor(args: Arguments, bare: Terminal): Promise<ExitCode> {
  const settings = parseDoctorSettings(args);
  const config = await readConfigFile(settings.configPath);
  const redactor = createRedactor();
  const terminal = redactTerminal(bare, redactor);
  const built = await buildForTerminal(config, settings, { terminal, redactor });
  try {
    const findings = await examineAll(config, built, settings, terminal);
    if (terminal.signal.aborted) {
      terminal.stderr.write('interrupted before everything was looked at\n');
      return exitCodes.failed;
    }
    terminal.stdout.write(formatOutput(findings, settings, terminal));
    return exitCodeOf[summarizeHealth(findings)];
  } finally {
    await built.close();
  }
}

async function examineAll(
  config: CollectorConfig,
  built: BuiltPipeline,
  { timeoutMs, writes }: DoctorSettings,
  { clock, signal }: Terminal,
): Promise<readonly Finding[]> {
  using deadline = createDeadline(timeoutMs, clock, signal);
  const { findings, collected } = await examine(built, { deadline, writes, nodeVersion: process.version });
  return sortFindings([...findings, await checkCost(config, built.pipeline, collected)]);
}

function formatOutput(findings: readonly Finding[], settings: DoctorSettings, terminal: Terminal): string {
  if (settings.format === 'json') return `${escapeUnseen(JSON.stringify(formatFindings(findings)))}\n`;
  return renderFindings(findings, chooseTheme(terminal.stdout, terminal, settings.hasColoursRefused));
}

interface Writing {
  readonly terminal: Terminal;
  readonly redactor: Redactor;
}

async function buildForTerminal(
  config: CollectorConfig,
  settings: DoctorSettings,
  { terminal, redactor }: Writing,
): Promise<BuiltPipeline> {
  const { variables, clock, random, stderr } = terminal;
  const log = createLog(settings, terminal, redactor);
  return await buildPipeline(config, {
    variables,
    runtime: 'terminal',
    clock,
    random,
    redactor,
    log,
    stateStore: () => Promise.resolve(createFileStateStore(settings.stateFolder, log)),
    print: (text) => {
      stderr.write(text);
    },
  });
}

/** What a run would warn of is a finding here; the log is for what lies behind it. */
function createLog(
  { isVerbose, hasColoursRefused: isRefused }: DoctorSettings,
  { stderr, clock, variables }: Terminal,
  redactor: Redactor,
): Logger {
  return createTerminalLog({
    level: isVerbose ? 'debug' : 'error',
    redactor,
    clock,
    write: (text) => {
      stderr.write(text);
    },
    colour: hasColours({ isTty: stderr.isTty, variables, isRefused }) ? 'always' : 'never',
  });
}
