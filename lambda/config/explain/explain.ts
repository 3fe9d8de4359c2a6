/** Explains what zod found wrong in words for an operator: the reason first, then the remedy. */
import * as z from 'zod';
import type { ConfigFinding, ConfigPath } from '../config-error.ts';
import { explainUnion } from './explain-union.ts';
import { findNearest } from './nearest.ts';
import {
  type Explained,
  isRecord,
  chooseOption,
  expandOptions,
  findRequiredKeys,
  findSchema,
  findValue,
} from '../walk-schema.ts';
import { describeKind, describeMeaning } from './words.ts';

/** zod's issues in an operator's words: reason first, then the remedy, never a value. */
export function explain(issues: readonly z.core.$ZodIssue[], of: Explained): readonly ConfigFinding[] {
  return issues.flatMap((issue) => explainIssue(issue, of));
}

function explainIssue(issue: z.core.$ZodIssue, of: Explained): readonly ConfigFinding[] {
  const path = convertPath(issue);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => explainUnknownSetting(key, path, of));
  if (issue.code === 'invalid_union') return explainUnion(issue, path, of, explain);
  if (issue.code === 'invalid_key') return [{ path, about: 'key', message: explainKey(issue) }];
  return [{ path, message: explainValue(issue, path, of) }];
}

function explainValue(issue: z.core.$ZodIssue, path: ConfigPath, of: Explained): string {
  if (issue.code === 'invalid_type') return chooseOwnText(issue, path, of) ?? explainType(issue.expected, path, of);
  if (issue.code === 'invalid_value') return explainChoice(issue.values.map(String), findValue(of.value, path));
  if (issue.code === 'too_small' || issue.code === 'too_big') return describeRange(issue);
  return issue.code === 'invalid_format' && issue.format === 'email' ? 'must be an e-mail address' : issue.message;
}

/** A schema's own text says more than its type; zod's texts begin with "Invalid input". */
function chooseOwnText({ message }: z.core.$ZodIssue, path: ConfigPath, of: Explained): string | undefined {
  if (message.startsWith('Invalid')) return undefined;
  const isMissing = message.startsWith('must be') && findValue(of.value, path) === undefined;
  return isMissing ? `is missing; it ${message}` : message;
}

function convertPath({ path }: z.core.$ZodIssue): ConfigPath {
  return path.map((part) => (typeof part === 'symbol' ? part.toString() : part));
}

function explainUnknownSetting(key: string, path: ConfigPath, { schema, value }: Explained): ConfigFinding {
  const here = findValue(value, path);
  const form = findSchema(schema, value, path);
  const known = collectSettings(form, here);
  const free = known.filter((name) => !isRecord(here) || !Object.hasOwn(here, name));
  if (known.includes(key)) {
    const others = known.filter((name) => name !== key && !free.includes(name));
    return { path: [...path, key], about: 'key', message: `cannot stand beside ${others.join(', ')}; keep one` };
  }
  const remedy =
    suggestSetting(key, known, free) ??
    suggestForm(key, here, form) ??
    (free.length === 0 ? 'remove it' : `there are ${known.join(', ')}`);
  return { path: [...path, key], about: 'key', message: `is no setting here; ${remedy}` };
}

/** For a setting that another form of the same value has, as a secret has a `key` and a file has none. */
function suggestForm(key: string, here: unknown, union: unknown): string | undefined {
  const chosen = chooseOption(union, here);
  if (chosen === undefined || !isRecord(here)) return undefined;
  const settings = expandOptions(union).flatMap((form) => {
    const [mark] = form === chosen ? [] : findRequiredKeys(form);
    // Sources and sinks are told apart by their kind, which nobody writes in place of another.
    return mark === undefined || mark === 'kind' ? [] : collectSettings(form, here).map((name) => ({ name, mark }));
  });
  const ofOthers = settings.filter(({ name, mark }) => name !== mark);
  const meant = findNearest(
    key,
    ofOthers.map(({ name }) => name),
  );
  const setting = ofOthers.find(({ name }) => name === meant);
  if (setting === undefined) return undefined;
  const written = Object.keys(here).filter((name) => name !== key);
  return `${setting.name} stands beside ${setting.mark}: write ${setting.mark} in place of ${written.join(', ')}, or remove it`;
}

/** One that is written already is no suggestion: it cannot stand there twice. */
function suggestSetting(key: string, known: readonly string[], free: readonly string[]): string | undefined {
  const meant = findNearest(key, free);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const taken = findNearest(key, known);
  return taken === undefined ? undefined : `${taken} stands here already, so remove it`;
}

/** Names of the settings that may stand in a value, those of all options where the value does not choose one. */
function collectSettings(schema: unknown, value: unknown): readonly string[] {
  const chosen = chooseOption(schema, value);
  const options = (chosen === undefined ? expandOptions(schema) : [chosen]).filter(
    (option) => option instanceof z.ZodObject,
  );
  return [...new Set(options.flatMap(({ shape }) => Object.keys(shape)))];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
};

function explainType(expected: string, path: ConfigPath, of: Explained): string {
  const value = findValue(of.value, path);
  const needed = typeNames[expected] ?? expected;
  if (value === undefined) return `is missing${describeMeaning(findSchema(of.schema, of.value, path))}`;
  if (value === null) return `is empty; it must be ${needed}`;
  return `must be ${needed}, not ${describeKind(value)}${describeTypeRemedy(expected, value)}`;
}

function describeTypeRemedy(expected: string, value: unknown): string {
  if (expected === 'array' && isRecord(value)) return '; begin each entry with "- "';
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return '; put it in quotes';
  return typeof value === 'string' && unquoted[expected]?.test(value) === true ? '; remove the quotes' : '';
}

/** Texts that YAML reads as the expected type once their quotes are gone. */
const unquoted: Readonly<Record<string, RegExp>> = {
  number: /^\d+(\.\d+)?$/,
  int: /^\d+$/,
  boolean: /^(true|false)$/,
};

function explainChoice(choices: readonly string[], value: unknown): string {
  const meant = typeof value === 'string' ? findNearest(value, choices) : undefined;
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const list = choices.length === 1 ? choices.join('') : `one of ${choices.join(', ')}`;
  return value === undefined ? `is missing; it must be ${list}` : `must be ${list}${hint}`;
}

function explainKey({ issues: [first] }: z.core.$ZodIssueInvalidKey): string {
  if (first === undefined) return 'has a name that is not allowed';
  const message = first.code === 'too_big' ? describeRange(first) : first.message;
  return message.startsWith('must') ? `the name ${message}` : message;
}

function describeRange(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [word, limit] = issue.code === 'too_small' ? ['least', issue.minimum] : ['most', issue.maximum];
  const isEmpty = issue.code === 'too_small' && limit === 1;
  if (issue.origin === 'string')
    return isEmpty ? 'must not be empty' : `must have at ${word} ${String(limit)} characters`;
  if (issue.origin === 'array') return isEmpty ? 'must have an entry' : `must have at ${word} ${String(limit)} entries`;
  return `must be at ${word} ${String(limit)}`;
}
