/** Explains what is wrong where a setting may have one of several forms. */
import * as z from 'zod';
import { SecretRef } from '../../secrets/secret-ref.ts';
import type { ConfigFinding, ConfigPath } from '../config-error.ts';
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

/** The remedy for every secret value in the wrong place. */
export const useSecretsManager = 'put the value into Secrets Manager and refer to it: { secret: NAME, key: KEY }';

/** Explains the issues inside the option that was meant, which may have unions of their own. */
export type Explain = (issues: readonly z.core.$ZodIssue[], of: Explained) => readonly ConfigFinding[];

/** zod tries each option of a union and reports all of their failures; this names the one that was meant. */
export function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: ConfigPath,
  of: Explained,
  explainInside: Explain,
): readonly ConfigFinding[] {
  if (issue.discriminator !== undefined) return [explainKind(path, of)];
  const value = findValue(of.value, path);
  const union = findSchema(of.schema, of.value, path);
  if (value === undefined) return [{ path, message: `is missing${describeMeaning(union)}` }];
  const message = explainOption(expandOptions(union), value);
  if (message !== undefined) return [{ path, message }];
  return explainInOption(chooseOption(union, value), path, value, explainInside);
}

/** `path` ends in `kind`. */
function explainKind(path: ConfigPath, of: Explained): ConfigFinding {
  const [list] = path;
  const thing = list === 'sources' ? 'source' : 'sink';
  const kinds = expandOptions(findSchema(of.schema, of.value, path.slice(0, -1))).flatMap(collectKinds);
  const kind = findValue(of.value, path);
  if (kind === undefined) return { path, message: `is missing; it must be ${formatChoice(kinds)}` };
  const meant = typeof kind === 'string' ? findNearest(kind, kinds) : undefined;
  const hint = meant === undefined ? `; there are ${kinds.join(', ')}` : `; did you mean ${meant}?`;
  return {
    path,
    message: `is no kind of ${thing}${kinds.length === 1 ? `; it must be ${formatChoice(kinds)}` : hint}`,
  };
}

function collectKinds(option: unknown): readonly string[] {
  if (!(option instanceof z.ZodObject)) return [];
  const { kind } = option.shape;
  return kind instanceof z.ZodLiteral ? [String(kind.value)] : [];
}

function formatChoice(kinds: readonly string[]): string {
  return kinds.length === 1 ? kinds.join('') : `one of ${kinds.join(', ')}`;
}

/** Why a value is none of the options at all; undefined when it is one of them with a problem inside. */
function explainOption(options: readonly unknown[], value: unknown): string | undefined {
  const ways = options.map((option) => findRequiredKeys(option).join(', ')).filter((way) => way !== '');
  const isSecret = expandOptions(SecretRef).every((option) => options.includes(option));
  const isTextAllowed = options.some((option) => option instanceof z.ZodString);
  if (typeof value === 'string' && isSecret && !isTextAllowed) return `is a text; ${useSecretsManager}`;
  if (!isRecord(value))
    return `must be ${isTextAllowed ? 'a text or ' : ''}${describeExpected(isSecret, ways)}, not ${describeKind(value)}`;
  const given = ways.filter((way) => way.split(', ').some((name) => Object.hasOwn(value, name)));
  if (given.length === 0) return `needs one of ${ways.join(', ')}${describeMeantWay(value, ways)}`;
  return given.length > 1 ? `has ${given.join(' and ')}, which exclude each other; keep one` : undefined;
}

function describeMeantWay(value: Readonly<Record<string, unknown>>, ways: readonly string[]): string {
  const [first] = Object.keys(value).flatMap((written) => {
    const meant = findNearest(written, ways);
    return meant === undefined ? [] : [{ written, meant }];
  });
  return first === undefined ? '' : `; did you mean ${first.meant} by ${first.written}?`;
}

function describeExpected(isSecret: boolean, ways: readonly string[]): string {
  return isSecret
    ? 'a reference to a secret such as { secret: NAME, key: KEY }'
    : `a mapping with ${ways.join(' or ')}`;
}

/** The problems inside the option that was meant. */
function explainInOption(
  option: unknown,
  path: ConfigPath,
  value: unknown,
  explainInside: Explain,
): readonly ConfigFinding[] {
  if (!(option instanceof z.ZodType)) return [{ path, message: 'does not fit; see docs/configuration.md' }];
  const { error } = option.safeParse(value);
  return explainInside(error?.issues ?? [], { schema: option, value }).map((finding) => ({
    ...finding,
    path: [...path, ...finding.path],
  }));
}
