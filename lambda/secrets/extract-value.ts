/** Takes the value that a reference means out of the text that its store holds. */
import type { SecretRef } from './secret-ref.ts';
import { failRead, type ReadOutcome } from './stores/secret-store.ts';

/** More key names than these do not help to find the right one. */
const maxKeysListed = 10;

/** A key name longer than this may be a value in the wrong place. */
const maxKeyLength = 40;

/** The value that a reference means, out of the text that its store holds. */
export function extractValue(text: string, ref: SecretRef): ReadOutcome {
  const key = 'secret' in ref ? ref.key : undefined;
  const member = key === undefined ? { text } : extractMember(text, key);
  if ('problem' in member) return member;
  const value = trimLastNewline(member.text);
  return value.trim() === '' ? failRead('empty') : { text: value };
}

/** Editors, `echo` and pasted values end with a newline that is no part of a token. */
function trimLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function extractMember(text: string, key: string): ReadOutcome {
  const members = parseObject(text);
  if (members === undefined) return failRead('not-json');
  if (!Object.hasOwn(members, key)) return failRead('no-key', describeKeys(members));
  const value = members[key];
  if (typeof value === 'string') return { text: value };
  return failRead('no-key', `its value is ${describeKind(value)}, not a text in quotes`);
}

/** JSON errors quote the text that they could not read, so none is kept. */
function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a text that is a JSON object: the reference to it may lack its key. */
export function isJsonObject(text: string): boolean {
  return text.trimStart().startsWith('{') && parseObject(text) !== undefined;
}

function describeKeys(members: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(members);
  if (names.length === 0) return 'it has no keys at all';
  const listed = names.slice(0, maxKeysListed).map((name) => (name.length > maxKeyLength ? '(a long name)' : name));
  const more = names.length > listed.length ? ` and ${String(names.length - listed.length)} more` : '';
  return `it has ${listed.join(', ')}${more}`;
}

function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
