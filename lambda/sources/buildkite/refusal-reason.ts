/** Extracts from a refusal Buildkite's own reason, and the wait that it names in the body only. */
import { HttpStatusError } from '../../http/errors/errors.ts';
import { flattenText, parseJsonText } from '../../model/text/outside-text.ts';
import { createRedactor } from '../../secrets/redaction/redactor.ts';
import type { Problem } from '../../model/problem.ts';

/** Text from outside may be long; its beginning says what it is about. */
const maxLength = 300;

/** Whatever looks like a token of Buildkite's, should it be repeated in the words. */
const tokens = /\bbk[a-z]{2}_\w+/gi;

/** The problem with Buildkite's own reason, such as an address that is not allowed or a missing scope. */
export function addReason(problem: Problem, error: unknown): Problem {
  if (!(error instanceof HttpStatusError) || error.status >= 500) return problem;
  const reason = extractReason(error.excerpt);
  if (reason === undefined) return problem;
  return { ...problem, message: `${problem.message}; Buildkite says: ${reason.slice(0, maxLength)}` };
}

/** What a request throws, with Buildkite's reason as all that is left of its answer, and without the token in it. */
export async function hideTokenInErrors<Answer>(token: string, send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof HttpStatusError)) throw error;
    const redactor = createRedactor();
    redactor.remember(token);
    const { where, status, headers, retryAtMs } = error;
    const excerpt = JSON.stringify({ message: redactor.redactText(extractReason(error.excerpt) ?? '') });
    throw new HttpStatusError(where, { status, headers, retryAtMs, excerpt });
  }
}

/** `{"message":"…"}` of REST, `{"errors":[{"message":"…"}]}` of GraphQL; the text may be cut off. */
function extractReason(excerpt: string): string | undefined {
  const quoted = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(excerpt)?.[1];
  if (quoted === undefined) return undefined;
  const reason = flattenText(unescapeText(quoted).replace(tokens, '[token]')).trim();
  return reason === '' ? undefined : reason;
}

function unescapeText(quoted: string): string {
  try {
    const text: unknown = parseJsonText(quoted);
    return typeof text === 'string' ? text : '';
  } catch {
    // An escape that JSON does not know: no words are better than wrong ones.
    return '';
  }
}

/** `"reset":30` of REST and the agent API, `Please try again in 187 seconds.` of GraphQL. */
export function parseWaitSeconds(text: string): number | undefined {
  const digits = /"reset"\s*:\s*(\d{1,9})\b/.exec(text)?.[1] ?? /\btry again in (\d{1,9}) seconds?\b/i.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
