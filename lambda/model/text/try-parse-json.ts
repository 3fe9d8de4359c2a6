/** Parses JSON that may be broken. */
import { parseJsonText } from './outside-text.ts';

/** Undefined for what is no JSON: the error of the parser quotes the text, which may hold a secret. */
export function tryParseJson(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}
