/** Tests that a configuration is valid once it follows what a message suggests. */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../../lambda/config/checks/check-config.ts';
import type { ConfigFinding, ConfigPath } from '../../lambda/config/config-error.ts';
import { isRecord, findValue } from '../../lambda/config/walk-schema.ts';

function findingsOf(config: unknown): readonly ConfigFinding[] {
  const checked = checkConfig(config, 'terminal');
  return 'findings' in checked ? checked.findings : [];
}

/** Every kind of source and sink with the settings of its example, and forms that the examples lack. */
const config: unknown = {
  sources: named(examplesIn('sources')),
  sinks: [
    ...named(examplesIn('sinks')),
    { kind: 'remote-write', name: 'bearer', url: 'https://a.test/', auth: { bearer: { file: '/run/token' } } },
    { kind: 'remote-write', name: 'signed', url: 'https://b.test/', auth: { sigv4: { region: 'eu-west-1' } } },
    {
      kind: 'pushgateway',
      name: 'basic',
      url: 'https://c.test/',
      auth: { basic: { username: 'a', password: { env: 'B' } } },
    },
    {
      kind: 'pushgateway',
      name: 'other',
      url: 'https://d.test/',
      auth: { bearer: { parameter: 'p' } },
      tls: { ca: { secret: 's', key: 'k' } },
    },
  ],
  deployment: { memoryMegabytes: 512 },
  queuesPerMetric: 100,
};

function examplesIn(list: 'sources' | 'sinks'): readonly unknown[] {
  const folder = new URL(`../../lambda/${list}/`, import.meta.url);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const example: unknown = parse(readFileSync(new URL(`${name}/example.yaml`, folder), 'utf8'));
      const entries = Array.isArray(example) ? example : findValue(example, [list]);
      return Array.isArray(entries) ? (entries as readonly unknown[]) : [];
    });
}

/** Examples of several kinds have one name. */
function named(entries: readonly unknown[]): readonly unknown[] {
  return entries.map((entry, index) => (isRecord(entry) ? { ...entry, name: `example-${String(index)}` } : entry));
}

/** Ways to every name of a setting in a value. */
function namesIn(value: unknown, path: ConfigPath = []): readonly ConfigPath[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => namesIn(item, [...path, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => [[...path, name], ...namesIn(item, [...path, name])]);
}

/** A copy in which a mapping has other entries. */
function changed(
  value: unknown,
  path: ConfigPath,
  change: (entries: readonly (readonly [string, unknown])[]) => readonly (readonly [string, unknown])[],
): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return isRecord(value) ? Object.fromEntries(change(Object.entries(value))) : value;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === first ? changed(item, rest, change) : item));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === first ? changed(item, rest, change) : item]),
  );
}

function replaced(value: unknown, path: ConfigPath, to: (item: unknown) => unknown): unknown {
  const name = path.at(-1);
  if (typeof name === 'number') {
    const list = findValue(value, path.slice(0, -1));
    const items = Array.isArray(list) ? list.map((item: unknown, index) => (index === name ? to(item) : item)) : list;
    return replaced(value, path.slice(0, -1), () => items);
  }
  return changed(value, path.slice(0, -1), (entries) =>
    entries.map(([key, item]) => (key === name ? [key, to(item)] : [key, item])),
  );
}

/** The configuration changed as a message says; undefined for one that suggests nothing exact. */
function followed(value: unknown, { path, about: part, message }: ConfigFinding): unknown {
  const [, word] = /did you mean (\S+)\?$/.exec(message) ?? [];
  const [name, above] = [path.at(-1), path.slice(0, -1)];
  if (word !== undefined && part === 'key') {
    const here = findValue(value, above);
    expect(isRecord(here) && Object.hasOwn(here, word), `${word} is suggested and stands there already`).toBe(false);
    return changed(value, above, (entries) => entries.map(([key, item]) => [key === name ? word : key, item]));
  }
  if (word !== undefined) return replaced(value, path, () => word);
  if (message.endsWith('remove it')) return changed(value, above, (entries) => entries.filter(([key]) => key !== name));
  if (message.endsWith('keep one')) return undefined;
  if (message.endsWith('put it in quotes')) return replaced(value, path, String);
  if (message.endsWith('remove the quotes')) return replaced(value, path, (item) => parse(String(item)) as unknown);
  return undefined;
}

function typo(name: string, at: number, letter: string, kind: number): string {
  const index = at % name.length;
  const kept = [name.slice(0, index), name.slice(index + 1)] as const;
  if (kind === 0) return kept.join('') || `${name}x`;
  return kind === 1 ? kept.join(letter) : `${name.slice(0, index)}${letter}${name.slice(index)}`;
}

describe('a suggestion', () => {
  it('has a good configuration to begin with', () => {
    expect(findingsOf(config)).toEqual([]);
  });

  it('never names what is refused: who follows it is rid of the problem', () => {
    const paths = namesIn(config).filter(([top]) => top !== undefined);
    const names = [...new Set(paths.flatMap((path) => path.slice(-1)))].filter((name) => typeof name === 'string');
    let suggestions = 0;
    const wrong = fc.oneof(
      // A name with a typing error, in place of the right one or beside it,
      fc
        .record({
          path: fc.constantFrom(...paths),
          at: fc.nat(30),
          letter: fc.constantFrom('a', 'e', 's', 'T', '-'),
          kind: fc.nat(2),
          isBeside: fc.boolean(),
        })
        .map(({ path, at, letter, kind, isBeside }) =>
          changed(config, path.slice(0, -1), (entries) => {
            const wrongName = typo(String(path.at(-1)), at, letter, kind);
            const own = entries.find(([key]) => key === path.at(-1));
            return [...entries.filter((entry) => isBeside || entry !== own), [wrongName, own?.[1]]];
          }),
        ),
      // a setting of another place,
      fc
        .record({ path: fc.constantFrom(...paths), name: fc.constantFrom(...names) })
        .map(({ path, name }) => changed(config, path.slice(0, -1), (entries) => [...entries, [name, 'text']])),
      // and a value of another type.
      fc
        .record({
          path: fc.constantFrom(...paths),
          item: fc.constantFrom('5', '1.5', 'true', 5, 1.5, true, null, 'chainlop', 'refus', []),
        })
        .map(({ path, item }) => replaced(config, path, () => item)),
    );

    fc.assert(
      fc.property(wrong, (given) => {
        for (const finding of findingsOf(given)) {
          const after = followed(given, finding);
          if (after === undefined) continue;
          suggestions += 1;
          const same = findingsOf(after).filter(
            ({ path, message }) => message === finding.message && path.join('.') === finding.path.join('.'),
          );
          expect(same).toEqual([]);
          const [, word] = /did you mean (\S+)\?$/.exec(finding.message) ?? [];
          const renamed = [...finding.path.slice(0, -1), word ?? ''].join('.');
          const refused = findingsOf(after).filter(
            ({ path, message }) =>
              path.join('.') === renamed && /is no (setting|kind)|cannot stand beside/.test(message),
          );
          expect(finding.about === 'key' ? refused : []).toEqual([]);
        }
      }),
      { numRuns: 250 },
    );
    expect(suggestions).toBeGreaterThan(50);
  });
});
