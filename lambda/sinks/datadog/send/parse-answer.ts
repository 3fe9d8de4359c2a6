/** Reads what Datadog says of a request that it took. */
import * as z from 'zod';
import { parseJsonText } from '../../../model/text/outside-text.ts';

/**
 * `POST /api/v2/series` answers `{"errors":[]}`, `POST /api/v1/distribution_points` and other receivers of the API
 * `{"status":"ok"}`. What an error looks like is not documented beyond "a list of errors".
 */
const Answer = z.object({ errors: z.array(z.unknown()).nullish() });

/**
 * The errors among what was taken; undefined where the answer is not in its JSON: what was stored is then
 * unknown. Neither call is documented to answer with nothing: what does may be something in the way.
 */
export function parseErrors(body: Uint8Array): readonly string[] | undefined {
  try {
    const { errors } = Answer.parse(parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(body)));
    return (errors ?? []).map(formatError);
  } catch {
    return undefined;
  }
}

function formatError(error: unknown): string {
  return typeof error === 'string' ? error : JSON.stringify(error);
}
