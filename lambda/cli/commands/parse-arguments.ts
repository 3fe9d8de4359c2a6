/** Reads the options of a command line and checks their values. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { commonOptions, type OptionSpec } from './options.ts';
import { formatDuration, longestDurationMs, parseDuration } from '../render/duration.ts';
import { findNearest } from '../../config/explain/nearest.ts';

/** The command line cannot be understood; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options as they were given; asking for one that the command does not declare is a bug and throws. */
export interface Arguments {
  has(name: string): boolean;
  text(name: string): string | undefined;
  /** @throws UsageError unless the value is one of `choices`. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined;
  /** Milliseconds. @throws UsageError */
  duration(name: string): number | undefined;
  /** @throws UsageError unless the value is a number from `min` to `max`. */
  number(
    name: string,
    range: { readonly min: number; readonly max: number; readonly whole?: boolean },
  ): number | undefined;
}

export interface DeclaredOptions {
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** @throws UsageError for an unknown, repeated or incomplete option and for anything that is no option. */
export function parseArguments(command: DeclaredOptions, argv: readonly string[]): Arguments {
  const options: Readonly<Record<string, OptionSpec>> = { ...command.options, ...commonOptions };
  return createArguments(options, parseOptions(options, argv));
}

function parseOptions(
  options: Readonly<Record<string, OptionSpec>>,
  argv: readonly string[],
): ReadonlyMap<string, string> {
  const declared: ParseArgsOptionsConfig = {};
  for (const [name, { value, short }] of Object.entries(options)) {
    declared[name] = { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) };
  }
  // Not strict: the messages of strict mode know neither the remedy nor the nearest option.
  const { tokens } = parseArgs({ args: [...argv], options: declared, strict: false, tokens: true });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw new UsageError(`unexpected argument ${JSON.stringify(token.value)}`);
    const { name, rawName, value, inlineValue } = token;
    const spec = options[name];
    if (spec === undefined)
      throw createUnknownOptionError(
        rawName,
        Object.keys(options).filter((known) => !given.has(known)),
      );
    if (given.has(name)) throw new UsageError(`${rawName} is given twice`);
    given.set(name, checkValue(rawName, spec, value, inlineValue));
  }
  return given;
}

function checkValue(
  rawName: string,
  { value: placeholder }: OptionSpec,
  value: string | undefined,
  isInline: boolean | undefined,
): string {
  if (placeholder === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    return '';
  }
  const looksLikeAnOption = isInline !== true && value?.startsWith('-') === true;
  if (value === undefined || value === '' || looksLikeAnOption) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${placeholder}`);
  }
  return value;
}

function createUnknownOptionError(rawName: string, names: readonly string[]): UsageError {
  const meant = findNearest(rawName.replace(/^-+/, ''), names);
  return new UsageError(`unknown option ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`);
}

function createArguments(options: Readonly<Record<string, OptionSpec>>, given: ReadonlyMap<string, string>): Arguments {
  const getText = (name: string): string | undefined => {
    if (!(name in options)) throw new RangeError(`the command declares no option ${name}`);
    return given.get(name);
  };
  return {
    has: (name) => getText(name) !== undefined,
    text: getText,
    choice: (name, choices) => checkChoice(name, getText(name), choices),
    duration: (name) => checkDuration(name, getText(name)),
    number: (name, range) => checkNumber(name, getText(name), range),
  };
}

function checkChoice<Choice extends string>(
  name: string,
  text: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  if (text === undefined) return undefined;
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  const meant = findNearest(text, choices);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  throw new UsageError(`--${name} must be ${choices.join(', ')}, not ${JSON.stringify(text)}${hint}`);
}

function checkDuration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  const longest = formatDuration(longestDurationMs);
  throw new UsageError(
    `--${name} must be a time such as 500ms, 10s or 2m, at most ${longest}, not ${JSON.stringify(text)}`,
  );
}

function checkNumber(
  name: string,
  text: string | undefined,
  { min, max, whole = false }: { readonly min: number; readonly max: number; readonly whole?: boolean },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  throw new UsageError(`--${name} must be ${kind} from ${String(min)} to ${String(max)}, not ${JSON.stringify(text)}`);
}
