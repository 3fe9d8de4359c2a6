/** Reads a command line as Go's `flag` package reads it: `-name value`, `-name=value` and `--name`, until the first word that is no flag. */
import { findNearest } from '../../config/explain/nearest.ts';
import { UsageError } from '../commands/parse-arguments.ts';

/** `switch` takes a value only behind an equals sign; `list` may be given again and again. */
export type FlagKind = 'text' | 'switch' | 'list';

/** The values of each flag in the order in which they were given. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>;

/**
 * No message repeats a value: it may be a token.
 * @throws UsageError for an unknown flag, a missing value and a word that is no flag.
 */
export function parseGoFlags(argv: readonly string[], known: Readonly<Record<string, FlagKind>>): GivenFlags {
  const given = new Map<string, string[]>();
  const words = [...argv];
  for (let word = words.shift(); word !== undefined && word !== '--'; word = words.shift()) {
    const { name, inline } = splitFlag(word);
    const kind = findKind(name, known);
    const value = inline ?? (kind === 'switch' ? 'true' : words.shift());
    given.set(name, [...(given.get(name) ?? []), checkFlagValue(name, kind, value)]);
  }
  if (words.length > 0) throw createWordError();
  return given;
}

function findKind(name: string, known: Readonly<Record<string, FlagKind>>): FlagKind {
  const kind = Object.hasOwn(known, name) ? known[name] : undefined;
  if (kind === undefined) throw createUnknownFlagError(name, Object.keys(known));
  return kind;
}

function checkFlagValue(name: string, kind: FlagKind, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`-${name} needs a value`);
  if (kind === 'switch') parseBool(name, value);
  return value;
}

function splitFlag(word: string): { readonly name: string; readonly inline: string | undefined } {
  const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word);
  if (match === null) throw createWordError();
  return { name: match[1] ?? '', inline: match[2] };
}

function createWordError(): UsageError {
  return new UsageError(
    'a word of the command line belongs to no flag: give the flags of buildkite-agent-metrics without the name of the program',
  );
}

function createUnknownFlagError(name: string, known: readonly string[]): UsageError {
  const meant = findNearest(name, known);
  // A token that was given without its flag may begin with a dash, so the unknown word itself is not repeated.
  const hint =
    meant === undefined ? `; there are ${known.map((flag) => `-${flag}`).join(', ')}` : `; did you mean -${meant}?`;
  return new UsageError(`buildkite-agent-metrics has no such flag${hint}`);
}

/** The last value counts, as in Go. */
export function getLast(flags: GivenFlags, name: string): string | undefined {
  return flags.get(name)?.at(-1);
}

export function isOn(flags: GivenFlags, name: string): boolean {
  const value = getLast(flags, name);
  return value !== undefined && parseBool(name, value);
}

/** What Go's `strconv.ParseBool` takes. @throws UsageError for anything else. */
function parseBool(name: string, value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new UsageError(`-${name} takes true or false`);
}
