/** Writes names and tags as Datadog would keep them, so that two which become one there are found here. */
import { maxNameLength, maxTagLength } from '../limits.ts';

/** A tag as it is sent, and what that cost. */
export interface CleanTag {
  readonly text: string;
  /** Whether it is longer than Datadog keeps, so that two tags may have become one. */
  readonly isCut: boolean;
}

/** Stands for a value of which nothing can be kept: a tag must not end with its colon. */
const unnamed = 'unnamed';

/**
 * Documentation, rules for naming metrics: a letter first, then ASCII letters, digits, underscores and dots, the rest is
 * converted to underscores. Undefined for a name that Datadog cannot keep apart from others.
 */
export function cleanName(name: string): string | undefined {
  const cleaned = name.replace(/[^A-Za-z0-9_.]/g, '_');
  return cleaned.length <= maxNameLength && /^[A-Za-z]/.test(cleaned) ? cleaned : undefined;
}

/**
 * Documentation, "Define tags": lower case; letters and digits of any script, `_-:./`, and underscores in place of the
 * rest; several underscores are one, and none stands at the end.
 */
export function cleanTag(key: string, value: string): CleanTag {
  const kept = `${key}:${value}`
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\-:./]/gu, '_')
    .replace(/_{2,}/g, '_');
  const isCut = kept.length > maxTagLength;
  const text = (isCut ? cutBetweenCharacters(kept) : kept).replace(/_$/, '');
  return { text: text.endsWith(':') ? `${text}${unnamed}` : text, isCut };
}

function cutBetweenCharacters(text: string): string {
  return text
    .slice(0, maxTagLength)
    .toWellFormed()
    .replace(/\ufffd$/, '');
}
