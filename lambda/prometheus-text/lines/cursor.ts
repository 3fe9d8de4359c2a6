/** A position in one line, which parsing moves on, and the remarks and errors that name it. */
import { maxQuoted } from '../limits.ts';
import type { Remarks } from '../remarks.ts';
import { PageSyntaxError } from '../syntax-error.ts';

/** A position in one line. */
export interface Cursor {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  at: number;
  readonly remarks: Pick<Remarks, 'add'>;
}

export function isAtEnd({ text, at }: Cursor): boolean {
  return at >= text.length;
}

export function peek({ text, at }: Cursor): string {
  return text.charAt(at);
}

/** Takes `char` when it is next. */
export function take(cursor: Cursor, char: string): boolean {
  if (peek(cursor) !== char) return false;
  cursor.at += 1;
  return true;
}

/** Blanks and tabs. */
export function skipBlanks(cursor: Cursor): void {
  while (isBlank(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Everything up to the next blank or the end; may be empty. */
export function takeToken(cursor: Cursor): string {
  const from = cursor.at;
  while (cursor.at < cursor.text.length && !isBlank(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
  return cursor.text.slice(from, cursor.at);
}

/** What a sticky pattern matches here; undefined leaves the cursor where it is. */
export function takeMatch(cursor: Cursor, sticky: RegExp): string | undefined {
  sticky.lastIndex = cursor.at;
  const found = sticky.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

/** @throws PageSyntaxError always; `at` names another place than the cursor's. */
export function fail(cursor: Cursor, reason: string, at = cursor.at): never {
  throw new PageSyntaxError(cursor.line, at + 1, reason);
}

/** Tells what is odd and read all the same; `at` names another place than the cursor's. */
export function remark({ line, remarks, at: here }: Cursor, text: string, at = here): void {
  remarks.add({ line, column: at + 1 }, text);
}

/** A few characters of the page for a message, safe to print. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text);
}
