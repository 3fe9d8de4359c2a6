/** Finds the command that a command line asks for, runs it and explains its errors. */
import { ConfigError } from '../../config/config-error.ts';
import { findNearest } from '../../config/explain/nearest.ts';
import { version } from '../../version.ts';
import { UsageError } from './parse-arguments.ts';
import { collectCommand } from './collect-command.ts';
import { createPaint, type Paint } from '../render/colour.ts';
import type { Command } from './command.ts';
import { createCompletionCommand } from './completion-command.ts';
import { dashboardsCommand } from './dashboards-command.ts';
import { commonOptions, type OptionSpec } from './options.ts';
import { demoCommand } from './demo-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { type HelpStyle, renderCommandHelp, renderGeneralHelp } from './help.ts';
import { initCommand } from './init-command.ts';
import { migrateCommand } from './migrate-command.ts';
import { exitCodes, type ExitCode, type Output, type Terminal } from '../terminal.ts';
import { makePrintable } from '../render/text-width.ts';

const commands: readonly Command[] = [
  demoCommand,
  initCommand,
  collectCommand,
  doctorCommand,
  dashboardsCommand,
  migrateCommand,
  createCompletionCommand(() => commands),
];

/** Runs what a command line asks for and tells how it went; never throws. */
export async function dispatch(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await runCommand(argv, terminal);
  } catch (error) {
    return explain(error, argv, terminal);
  }
}

async function runCommand(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name = '', ...rest] = argv;
  const style = { paint: choosePaint(terminal.stdout, argv, terminal), program: terminal.program };
  if (name === '') throw new UsageError('no command is given');
  if (isVersion(name)) return print(terminal, `${version}\n`);
  if (isHelp(name)) return print(terminal, renderHelp(rest[0], style));

  const command = findCommand(name);
  if (rest.some((argument) => argument === '--version' || isAmongShorts(argument, 'V', command)))
    return print(terminal, `${version}\n`);
  if (rest.some((argument) => isHelp(argument) || isAmongShorts(argument, 'h', command)))
    return print(terminal, renderCommandHelp(command, style));
  return command.run(rest, terminal);
}

function isVersion(argument: string): boolean {
  return argument === 'version' || argument === '--version' || argument === '-V';
}

function isHelp(argument: string): boolean {
  return argument === 'help' || argument === '--help' || argument === '-help' || argument === '-h';
}

/** `-qV` is `-q -V`, as everywhere; what stands behind an option with a value is its value. */
function isAmongShorts(argument: string, short: string, { options }: Command): boolean {
  const letters = /^-([A-Za-z]+)$/.exec(argument)?.[1] ?? '';
  const specs: readonly OptionSpec[] = [...Object.values(options), ...Object.values(commonOptions)];
  const plain = new Set(specs.flatMap((spec) => (spec.value === undefined ? (spec.short ?? []) : [])));
  return letters.includes(short) && Array.from(letters).every((letter) => letter === short || plain.has(letter));
}

function renderHelp(name: string | undefined, style: HelpStyle): string {
  return name === undefined || name.startsWith('-')
    ? renderGeneralHelp(commands, version, style)
    : renderCommandHelp(findCommand(name), style);
}

function findCommand(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = [...commands.map((candidate) => candidate.name), 'help', 'version'];
  const meant = findNearest(name, names);
  const hint = meant === undefined ? `; there are ${names.join(', ')}` : `; did you mean ${meant}?`;
  throw new UsageError(`unknown command ${name}${hint}`);
}

/** The edge of the program: what went wrong and what to do, and what a script can tell from the exit code. */
function explain(error: unknown, argv: readonly string[], terminal: Terminal): ExitCode {
  const { stderr } = terminal;
  const paint = choosePaint(stderr, argv, terminal);
  if (error instanceof ConfigError) {
    // Its lines are made for a terminal and hold no value of the file.
    stderr.write(`${paint('bad', 'error:')} ${error.message}\n`);
    return exitCodes.usage;
  }
  const message = makePrintable(error instanceof Error ? error.message : String(error));
  stderr.write(`${paint('bad', 'error:')} ${message}\n`);
  if (error instanceof UsageError) {
    stderr.write(describeUsage(argv, terminal));
    return exitCodes.usage;
  }
  const isVerbose = argv.includes('--verbose') || argv.includes('-v');
  if (isVerbose && error instanceof Error) stderr.write(`${error.stack ?? ''}\n`);
  return exitCodes.failed;
}

function describeUsage([name = '']: readonly string[], { program, variables }: Terminal): string {
  const known = commands.some((command) => command.name === name) ? `${name} ` : '';
  const script = variables['npm_lifecycle_event'];
  // npm takes options for itself unless they stand after two dashes; what is left of them then makes no sense.
  const npm = script === undefined ? '' : `with npm, options stand after two dashes: npm run ${script} -- --help\n`;
  return `${npm}see: ${program.name} ${known}--help\n`;
}

function choosePaint({ isTty }: Output, argv: readonly string[], { variables }: Terminal): Paint {
  return createPaint({ isTty, variables, isRefused: argv.includes('--no-color') });
}

function print({ stdout }: Terminal, text: string): ExitCode {
  stdout.write(text);
  return exitCodes.ok;
}
