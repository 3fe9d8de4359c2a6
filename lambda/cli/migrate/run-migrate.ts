/** Turns a command line or an environment of buildkite-agent-metrics into a checked configuration, and prints it. */
import { ConfigError } from '../../config/config-error.ts';
import { parseConfig } from '../../config/parse-config.ts';
import { UsageError } from '../commands/parse-arguments.ts';
import type { Program } from '../program.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';
import { type GivenFlags, getLast, isOn, parseGoFlags } from './go-flags.ts';
import type { Installation, Variables } from './installation.ts';
import { isOfFunction, readFunction } from './read-function.ts';
import { programFlags, readProgram } from './read-program.ts';
import { readVariables } from './read-variables.ts';
import type { Target } from './token-refs.ts';
import { type MigratedConfiguration, writeConfiguration } from './write-configuration.ts';

/** Options of the command itself, beside the flags that it reads. */
const ownFlags = {
  environment: 'text',
  for: 'text',
  'newrelic-account': 'text',
  'no-color': 'switch',
  verbose: 'switch',
} as const;

/** The configuration goes to standard output, everything else to standard error. */
export async function runMigrate(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const flags = parseGoFlags(argv, { ...programFlags, ...ownFlags });
  if (isOn(flags, 'version')) {
    throw new UsageError(
      `-version of the program is \`--version\` of the collector: \`${terminal.program.call('collect', '--version')}\``,
    );
  }
  const installation = await readInstallation(flags, terminal.variables);
  const target = readTarget(flags, installation);
  const migrated = writeConfiguration(installation, { target, account: readAccount(flags) });
  terminal.stdout.write(migrated.text);
  terminal.stderr.write(describeNextSteps(migrated, target, installation, terminal.program));
  return checkResult(migrated, target, terminal);
}

/** Any flag of the program means that the program was called; without one the variables of a function are read. */
async function readInstallation(flags: GivenFlags, process: Variables): Promise<Installation> {
  const file = getLast(flags, 'environment');
  const variables = file === undefined ? process : await readVariables(file);
  const isProgram = Object.keys(programFlags).some((name) => flags.has(name));
  if (isProgram && file !== undefined && isOfFunction(variables)) {
    throw new UsageError(
      'the file has variables of a function, which the program does not read: give -environment without flags of the program',
    );
  }
  return isProgram ? readProgram(flags, variables) : readFunction(variables);
}

/** A page to scrape needs a process that stays, so it is not for AWS. */
function readTarget(flags: GivenFlags, { backend }: Installation): Target {
  const isPage = backend.kind === 'prometheus';
  const asked = getLast(flags, 'for') ?? (isPage ? 'terminal' : 'aws');
  if (asked !== 'aws' && asked !== 'terminal') throw new UsageError('-for must be aws or terminal');
  if (isPage && asked === 'aws') {
    throw new UsageError('-backend prometheus serves a page, which a function cannot: leave out -for aws');
  }
  return asked;
}

function describeInterval(intervalMs: number | undefined): string {
  return intervalMs === undefined ? '--every 1m' : `--every ${String(Math.max(1, Math.round(intervalMs / 1000)))}s`;
}

function readAccount(flags: GivenFlags): number | undefined {
  const text = getLast(flags, 'newrelic-account');
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError('-newrelic-account must be the number of an account');
  return Number(text);
}

function describeNextSteps(
  { notes }: MigratedConfiguration,
  target: Target,
  { intervalMs }: Installation,
  program: Program,
): string {
  const collect = (words: string): string => program.call('collect', `--config collector.yaml ${words}`);
  const next =
    target === 'aws'
      ? `Next: save it as collector.yaml, look at it with \`${collect('--dry-run')}\`, then \`npx cdk deploy\`.`
      : `Next: save it as collector.yaml, then \`${collect(describeInterval(intervalMs))}\`.`;
  return [...notes, next].map((line) => `${line}\n`).join('');
}

/** Checks the new configuration: what the other tool accepts may be refused here, such as an endpoint without TLS. */
function checkResult({ text }: MigratedConfiguration, target: Target, { stderr }: Terminal): ExitCode {
  try {
    parseConfig(text, { file: 'the configuration above', environment: target === 'aws' ? 'lambda' : 'terminal' });
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    stderr.write(`error: ${error.message}\n`);
    return exitCodes.usage;
  }
}
