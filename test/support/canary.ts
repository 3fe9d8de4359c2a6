/** Secret values for tests, and the scan that fails a test when one of them shows in an output. */
import { expect } from 'vitest';

/** Secret values that nothing may write; each has characters that one of the encodings changes. */
export const canaries = {
  token: 'canary/tok+en=7f3a9b2c1d&x y',
  json: 'canary"quoted\\back\u00e9slash-5e1d',
  short: 'c4n4r',
  pem: [
    '-----BEGIN PRIVATE KEY-----',
    'Y2FuYXJ5LXBlbS1saW5lLW9uZS0xMjM0NTY3ODkw',
    'Y2FuYXJ5LXBlbS1saW5lLXR3by0wOTg3NjU0MzIx',
    '-----END PRIVATE KEY-----',
  ].join('\n'),
} as const;

/** Fewer characters turn up by chance. */
const minNeedle = 5;

/** The places in an output where a canary shows; the scan is written apart from the redactor, so that it can fail it. */
export function canariesIn(outputs: unknown, values: Readonly<Record<string, string>> = canaries): readonly string[] {
  const needles = Object.entries(values).flatMap(([name, value]) =>
    encodings(value)
      .filter(([, needle]) => needle.length >= minNeedle)
      .map(([encoding, needle]) => ({ name: `${name} as ${encoding}`, needle })),
  );
  return textsIn(outputs, 'output', new Set()).flatMap(({ path, text }) =>
    needles.filter(({ needle }) => text.includes(needle)).map(({ name }) => `${path}: ${name}`),
  );
}

/** Fails when a canary is in any text, nested field, error, cause, header, map or buffer of `outputs`. */
export function expectNoCanary(outputs: unknown, values?: Readonly<Record<string, string>>): void {
  expect(canariesIn(outputs, values)).toEqual([]);
}

function encodings(value: string): readonly (readonly [string, string])[] {
  const lines = value.includes('\n') ? value.split('\n').filter((line) => !line.startsWith('-----')) : [];
  const percent = encodeURIComponent(value);
  return [
    ['text', value],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    ['URL component', percent],
    ['lower-case URL component', percent.replace(/%../g, (escape) => escape.toLowerCase())],
    ['form field', new URLSearchParams({ v: value }).toString().slice(2)],
    // Two characters less at the end: they depend on what follows.
    ...[0, 1, 2].map((lead) => {
      const all = Buffer.from('\0'.repeat(lead) + value)
        .toString('base64')
        .replace(/=+$/, '');
      return [`base64 after ${String(lead)} bytes`, all.slice(lead === 0 ? 0 : 4, -2)] as const;
    }),
    ['base64url', Buffer.from(value).toString('base64url').slice(0, -2)],
    ['hex', Buffer.from(value).toString('hex')],
    ...lines.map((line, index) => [`line ${String(index + 1)}`, line] as const),
  ];
}

interface FoundText {
  readonly path: string;
  readonly text: string;
}

function textsIn(value: unknown, path: string, seen: Set<object>): readonly FoundText[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  if (value instanceof Uint8Array) return [{ path, text: Buffer.from(value).toString('latin1') }];
  if (value instanceof URL) return [{ path, text: value.href }];
  if (value instanceof Map || value instanceof Headers)
    return [...value].flatMap(([key, item]) => textsIn([key, item], `${path}.${String(key)}`, seen));
  if (value instanceof Set)
    return [...value].flatMap((item, index) => textsIn(item, `${path}[${String(index)}]`, seen));
  return ownKeys(value).flatMap((key) => [
    { path: `${path} (key)`, text: String(key) },
    ...textsIn(Reflect.get(value, key), `${path}.${String(key)}`, seen),
  ]);
}

/** Fields that no printer shows can still be read by the next one: `cause`, `stack` and hidden fields count. */
function ownKeys(value: object): readonly (string | symbol)[] {
  return Reflect.ownKeys(value).filter((key) => typeof Reflect.get(value, key) !== 'function');
}
