/** Says what became of the points of one request, by the answer. */
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpResponse } from '../../../http/port.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import type { Reception } from '../../../series/delivery/reception.ts';
import type { Attempts } from './post.ts';

/** A part of a request was stored, and the answer says why not all. */
export class PartialWriteError extends Error {
  override readonly name = 'PartialWriteError';
  /** Place in the request of a series that was not stored. */
  readonly example: number | undefined;

  constructor(message: string, example: number | undefined) {
    super(message);
    this.example = example;
  }
}

/** Answers that are about what is in a request; they stop no other one. */
const dataStatuses: ReadonlySet<number> = new Set([400, 409, 413]);

/** The words of Cloud Monitoring for a point that is there already, or that is too close to the last one. */
const isThereAlready = /written in order|sampling period|more frequently|same (end )?time/i;

/** Never rejects. */
export async function judge(
  points: number,
  answering: Promise<HttpResponse>,
  attempts: Attempts,
  where: string,
): Promise<Reception> {
  try {
    return judgeSuccess(await answering, where);
  } catch (error) {
    if (!(error instanceof HttpStatusError) || !dataStatuses.has(error.status))
      return { outcome: 'undelivered', error };
    return judgeRefusal(points, error, attempts);
  }
}

/** Everything was written where the answer is empty (metric_service.proto, CreateTimeSeries). */
function judgeSuccess({ body }: HttpResponse, where: string): Reception {
  if (isEmptyObject(body)) return { outcome: 'stored' };
  const text =
    'answered with success, and with a body that is no answer of the API, so that nobody knows whether anything was stored; check `url`';
  return { outcome: 'partial', stored: 0, error: new BadResponseError(where, text) };
}

function judgeRefusal(points: number, error: HttpStatusError, { isRepeated, refusal }: Attempts): Reception {
  // The attempt before was stored although its answer was lost: what is refused now is its repetition.
  if (isRepeated && isThereAlready.test(refusal?.message ?? '')) return { outcome: 'stored' };
  if (refusal?.stored === undefined) return { outcome: 'refused', error };
  const stored = Math.min(points, refusal.stored);
  return { outcome: 'partial', stored, error: new PartialWriteError(error.excerpt, refusal.example) };
}

function isEmptyObject(body: Uint8Array): boolean {
  try {
    const said = parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof said === 'object' && said !== null && !Array.isArray(said) && Object.keys(said).length === 0;
  } catch {
    return false;
  }
}
