/** Says what became of the points of one request, by the receiver's answer. */
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpResponse } from '../../../http/port.ts';
import { checkAddress } from '../../../http/where.ts';
import type { Reception } from '../../../series/delivery/reception.ts';
import { parsePartialSuccess } from './parse-answer.ts';

/** A receiver has stored a part of a request, and said why not all. */
export class PartialSuccessError extends Error {
  override readonly name = 'PartialSuccessError';
}

/** A 2xx answer that cannot be read: whether all of the request was stored is unknown. */
export class UnreadableAnswerError extends BadResponseError {}

export interface JudgePorts {
  readonly where: string;
  /** Takes secrets out, before a text is cut. */
  readonly withoutSecrets: (text: string) => string;
  /** What a receiver says beside having stored everything. */
  readonly onHint: (message: string) => void;
}

/** Longest part of a receiver's text that is repeated. */
const maxServerText = 1024;

/**
 * Answers that are about what is in a request: 400 by the specification, 413 for its size, 422 and 409 at some gateways.
 * They stop no other request.
 */
const dataStatuses: ReadonlySet<number> = new Set([400, 409, 413, 422]);

/** Never rejects. */
export async function judge(points: number, answering: Promise<HttpResponse>, ports: JudgePorts): Promise<Reception> {
  try {
    return judgeSuccess(points, await answering, ports);
  } catch (error) {
    const isAboutData = error instanceof HttpStatusError && dataStatuses.has(error.status);
    return isAboutData ? { outcome: 'refused', error } : { outcome: 'undelivered', error };
  }
}

/** A request that was stored in part is never sent again (OTLP, "Partial Success"). */
function judgeSuccess(points: number, response: HttpResponse, ports: JudgePorts): Reception {
  const partial = parsePartialSuccess(response);
  if (partial === undefined) {
    const text = `answered with success, and with a body that is no answer of OTLP, so that nobody knows whether all was stored; ${checkAddress}`;
    return { outcome: 'partial', stored: 0, error: new UnreadableAnswerError(ports.where, text) };
  }
  const message = ports.withoutSecrets(partial.message).slice(0, maxServerText).toWellFormed();
  if (partial.rejected <= 0) {
    if (message !== '') ports.onHint(message);
    return { outcome: 'stored' };
  }
  const stored = Math.max(0, points - partial.rejected);
  return { outcome: 'partial', stored, error: new PartialSuccessError(message) };
}
