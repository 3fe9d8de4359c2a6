/** Reads stored JSON, of which the ids and names are a stranger's. */
import { parseJsonText } from './outside-text.ts';

/** Undefined for what is no JSON. */
export function jsonValue(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}
