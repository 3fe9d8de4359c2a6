/** Writes names of other systems with the characters that a reader has asked for, by the schemes of Prometheus. */
import type { Labels } from '../model/metric.ts';
import type { RelayedFamily, RelayedSample } from '../model/relayed.ts';
import type { Omission } from './omission.ts';
import { classicNames, type NameRules, utf8Names } from './showable/showable.ts';

/** prometheus/docs, escaping_schemes.md: the values of `escaping` in an `Accept` header. */
export const escapings = ['allow-utf-8', 'underscores', 'dots', 'values'] as const;
export type Escaping = (typeof escapings)[number];

export interface Escaped {
  readonly families: readonly RelayedFamily[];
  readonly omissions: readonly Omission[];
}

/** Which names a page may have when its reader has asked for this scheme. */
export function chooseNameRules(escaping: Escaping): NameRules {
  return escaping === 'allow-utf-8' ? utf8Names : classicNames;
}

/** The same series with other names. A sample of which two labels would have one name is left out, and told. */
export function escapeRelayed(given: readonly RelayedFamily[], escaping: Escaping): Escaped {
  if (escaping === 'allow-utf-8') return { families: given, omissions: [] };
  const omissions: Omission[] = [];
  const families = given.map((family): RelayedFamily => {
    const name = escapeName(family.name, escaping);
    const samples = family.samples.flatMap((sample): readonly RelayedSample[] => {
      const labels = escapeLabels(sample.labels, escaping);
      // Suffixes such as `_bucket` belong to the format and not to the name.
      const suffix = sample.name.startsWith(family.name) ? sample.name.slice(family.name.length) : undefined;
      const own = suffix === undefined ? escapeName(sample.name, escaping) : `${name}${suffix}`;
      return labels === undefined ? [] : [{ ...sample, name: own, labels }];
    });
    const lost = family.samples.length - samples.length;
    if (lost > 0) omissions.push({ metric: name, samples: lost, reason: 'label-name' });
    return { ...family, name, samples };
  });
  return { families, omissions };
}

/** Undefined where two names have become one. */
function escapeLabels(labels: Labels, escaping: Escaping): Labels | undefined {
  const entries = Object.entries(labels).map(([name, value]) => [escapeName(name, escaping, ''), value] as const);
  return new Set(entries.map(([name]) => name)).size === entries.length ? Object.fromEntries(entries) : undefined;
}

/** A name by one of the schemes. Only names of metrics may have a colon. */
export function escapeName(name: string, escaping: Escaping, alsoAllowed: ':' | '' = ':'): string {
  if (escaping === 'allow-utf-8' || name === '') return name;
  const characters = Array.from(name);
  const isPlain = characters.every((one, index) => isClassic(one, index, alsoAllowed));
  // `dots` writes underscores twice, so that its reader can tell them from what they stand for.
  if (isPlain && escaping !== 'dots') return name;
  const escaped = characters.map((one, index) =>
    one !== '_' && isClassic(one, index, alsoAllowed) ? one : escapeCharacter(one, escaping),
  );
  return `${escaping === 'values' ? 'U__' : ''}${escaped.join('')}`;
}

function isClassic(character: string, index: number, alsoAllowed: ':' | ''): boolean {
  if (character === alsoAllowed) return true;
  return (index === 0 ? /^[a-zA-Z_]$/ : /^[a-zA-Z0-9_]$/).test(character);
}

function escapeCharacter(character: string, escaping: 'underscores' | 'dots' | 'values'): string {
  if (escaping === 'underscores') return '_';
  if (character === '_') return '__';
  if (escaping === 'dots') return character === '.' ? '_dot_' : '__';
  return character.isWellFormed() ? `_${(character.codePointAt(0) ?? 0).toString(16)}_` : '_FFFD_';
}
