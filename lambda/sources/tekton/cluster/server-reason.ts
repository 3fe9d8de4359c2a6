/** What the API server itself says of a request that it refused. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { flattenText, parseJsonText } from '../../../model/text/outside-text.ts';

/** Longer ones quote what was asked. */
const maxReason = 300;

/** The message of a `Status` object; read by its form, for the excerpt may end before the JSON does. */
const message = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/;

/** Undefined where it says nothing, as a proxy in front of it does. */
function parseReason(error: unknown): string | undefined {
  if (!(error instanceof HttpStatusError)) return undefined;
  const quoted = message.exec(error.excerpt)?.[1];
  if (quoted === undefined) return undefined;
  try {
    const text = parseJsonText(quoted);
    return typeof text === 'string' ? flattenText(text).slice(0, maxReason) : undefined;
  } catch {
    return undefined;
  }
}

/** What a 400 means: nothing but the selector is the operator's own in what is asked. */
export function explainBadSelector(error: unknown, setting: string): string {
  const reason = parseReason(error);
  return reason === undefined ? `the server refused the request; check ${setting}` : `${reason}; check ${setting}`;
}
