/** Sends one request's worth of series in the version that the receiver speaks, and says what became of it. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpResponse } from '../../../http/port.ts';
import type { Reception } from '../../../series/delivery/reception.ts';
import type { Dialect } from './dialect.ts';
import { encodeV1 } from '../encode/encode-v1.ts';
import { encodeV2 } from '../encode/encode-v2.ts';
import { dataStatuses, NotSpokenError, parseSamplesWritten, Utf8NamesError, type Version } from './protocol.ts';
import type { Series } from '../encode/series.ts';

/** Sends a message, not yet compressed. @throws as `HttpPort.send` does. */
export type Post = (message: Uint8Array, version: Version) => Promise<HttpResponse>;

/** Never rejects. */
export async function sendSeries(
  series: readonly Series[],
  timestampMs: number,
  dialect: Dialect,
  post: Post,
): Promise<Reception> {
  if (dialect.version() === '1.0') return await sendV1(series, timestampMs, post);
  const answer = await judgeV2(series, post(encodeV2(series, timestampMs), '2.0'));
  if (answer.outcome !== 'not spoken') {
    if (answer.outcome === 'stored' || answer.outcome === 'partial') dialect.prove();
    // The refusal of a receiver that never answered as one of 2.0 may mean the version: it is not asked again.
    const mayMeanVersion = answer.outcome === 'refused' && answer.error.status === 400 && dialect.isUnproven();
    if (mayMeanVersion) dialect.fallBack({ status: 400 });
    return answer;
  }
  if (!dialect.mayFallBack()) return { outcome: 'undelivered', error: new NotSpokenError(answer.status) };
  dialect.fallBack(answer);
  return await sendV1(series, timestampMs, post);
}

/** Names beyond ASCII are not part of 1.0: such series are left out and reported. */
async function sendV1(series: readonly Series[], timestampMs: number, post: Post): Promise<Reception> {
  const writable = series.filter(({ hasUtf8Names }) => hasUtf8Names !== true);
  if (writable.length === 0) return { outcome: 'partial', stored: 0, error: new Utf8NamesError() };
  const reception = await judgeV1(post(encodeV1(writable, timestampMs), '1.0'));
  const isCut = writable.length < series.length && reception.outcome === 'stored';
  return isCut ? { outcome: 'partial', stored: writable.length, error: new Utf8NamesError() } : reception;
}

async function judgeV1(answering: Promise<HttpResponse>): Promise<Reception> {
  try {
    await answering;
    return { outcome: 'stored' };
  } catch (error) {
    return isAboutData(error) ? { outcome: 'refused', error } : { outcome: 'undelivered', error };
  }
}

interface NotSpoken {
  readonly outcome: 'not spoken';
  readonly status: number;
}

/**
 * A receiver that does not know 2.0 decodes nothing from it and answers 415, or 2xx without the headers that tell how
 * much was written (remote-write 2.0 specification, "Required Written Response Headers"): it may be sent 1.0. A 400
 * without them can be about either, and is final.
 */
async function judgeV2(series: readonly Series[], answering: Promise<HttpResponse>): Promise<Reception | NotSpoken> {
  try {
    const response = await answering;
    const stored = parseSamplesWritten(response);
    if (stored === undefined) return { outcome: 'not spoken', status: response.status };
    return stored >= series.length ? { outcome: 'stored' } : { outcome: 'partial', stored };
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === 415) return { outcome: 'not spoken', status: 415 };
    if (!isAboutData(error)) return { outcome: 'undelivered', error };
    const stored = parseSamplesWritten(error);
    if (stored === undefined) return { outcome: 'refused', error };
    // All samples are there: what was refused is an exemplar, which a later sample replaces.
    return stored >= series.length ? { outcome: 'stored' } : { outcome: 'partial', stored, error };
  }
}

function isAboutData(error: unknown): error is HttpStatusError {
  return error instanceof HttpStatusError && dataStatuses.has(error.status);
}
