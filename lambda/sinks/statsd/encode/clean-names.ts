/** Replaces the characters in names and tags that would end a field, a line or a level of a name. */
import { maxTagLength } from '../limits.ts';

/** A part of a name between two dots: a dot in it would be a level more. An empty one would be a level that is missing. */
export function cleanSegment(text: string): string {
  const cleaned = text.replace(/[^A-Za-z0-9_-]+/g, '_');
  return cleaned === '' ? '-' : cleaned;
}

/** A whole name, with its dots. */
export function cleanName(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]+/g, '_');
}

/**
 * A value of a tag: `,` would end the tag, `|` the field and a line feed the line. Datadog keeps letters and digits of any
 * script and `_-:./`, and makes the rest underscores itself; the same is done here, so that two names that become one
 * there are found here.
 */
export function cleanTagValue(text: string): string {
  return text.replace(/[^\p{L}\p{N}_\-:./]+/gu, '_');
}

/** What Datadog would cut is cut here, between two characters. */
export function cutTag(tag: string): string {
  return tag.length <= maxTagLength
    ? tag
    : tag
        .slice(0, maxTagLength)
        .toWellFormed()
        .replace(/\ufffd$/, '_');
}

/**
 * For the names of Buildkite's own tool, which sends queues and clusters as they are: only what would break the protocol
 * is replaced, and dots stay.
 */
export function cleanAsSent(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what it is about
  return text.replace(/[:|@#,\s\u0000-\u001f\u007f]/g, '_');
}
