import { HttpStatusError } from '../../http/errors.ts';
import type { HttpResponse } from '../../http/http.ts';
import { encodeV1 } from './encode-v1.ts';
import { encodeV2 } from './encode-v2.ts';
import { dataStatuses, samplesWritten, type Version } from './protocol.ts';
import type { Series } from './series.ts';

/** What a receiver made of one request. */
export type Verdict =
  | { readonly outcome: 'stored' }
  /** 2.0 only: the receiver keeps what is good, and says how much that is but not which. */
  | { readonly outcome: 'partial'; readonly stored: number; readonly error?: HttpStatusError }
  /** For something in the data: a part of it, sent alone, may be taken. */
  | { readonly outcome: 'refused'; readonly error: HttpStatusError }
  /** Nobody knows whether anything was stored, or it is certain that nothing was. */
  | { readonly outcome: 'undelivered'; readonly error: unknown };

export type SendSeries = (series: readonly Series[]) => Promise<Verdict>;

/** Sends a message, not yet compressed. @throws as `HttpPort.send` does. */
export type Post = (message: Uint8Array, version: Version) => Promise<HttpResponse>;

/** The version that a receiver is spoken to with; what it has taught lasts for the process. */
export interface Dialect {
  readonly version: () => Version;
  readonly fallBack: (why: { readonly status: number }) => void;
}

export function createDialect(wanted: Version, onFallBack: (why: { readonly status: number }) => void): Dialect {
  let version = wanted;
  return {
    version: () => version,
    fallBack: (why) => {
      if (version === '1.0') return;
      version = '1.0';
      onFallBack(why);
    },
  };
}

/** Sends one request's worth of series in the version that the receiver speaks; never rejects. */
export async function sendSeries(
  series: readonly Series[],
  timestampMs: number,
  dialect: Dialect,
  post: Post,
): Promise<Verdict> {
  const inV1 = (): Promise<Verdict> =>
    judged(post(encodeV1(series, timestampMs), '1.0'), () => ({ outcome: 'stored' }));
  if (dialect.version() === '1.0') return inV1();
  const answer = await judgedV2(series, post(encodeV2(series, timestampMs), '2.0'));
  if (answer.outcome !== 'not spoken') return answer;
  const verdict = await inV1();
  // A 400 may be about the data after all; only a request that 1.0 carries proves that 2.0 was the trouble.
  if (answer.isCertain || verdict.outcome === 'stored') dialect.fallBack({ status: answer.status });
  return verdict;
}

interface NotSpoken {
  readonly outcome: 'not spoken';
  readonly status: number;
  readonly isCertain: boolean;
}

/**
 * A receiver that does not know 2.0 decodes nothing from it and answers 2xx, 400 or 415, in each case without the
 * headers that tell how much was written (remote-write 2.0 specification, "Required Written Response Headers").
 */
async function judgedV2(series: readonly Series[], answering: Promise<HttpResponse>): Promise<Verdict | NotSpoken> {
  try {
    const response = await answering;
    const stored = samplesWritten(response);
    if (stored === undefined) return { outcome: 'not spoken', status: response.status, isCertain: true };
    return stored >= series.length ? { outcome: 'stored' } : { outcome: 'partial', stored };
  } catch (error) {
    if (!(error instanceof HttpStatusError)) return { outcome: 'undelivered', error };
    if (error.status === 415) return { outcome: 'not spoken', status: 415, isCertain: true };
    if (!dataStatuses.has(error.status)) return { outcome: 'undelivered', error };
    const stored = samplesWritten(error);
    if (stored !== undefined) return { outcome: 'partial', stored: Math.min(stored, series.length), error };
    if (error.status === 413) return { outcome: 'refused', error };
    return { outcome: 'not spoken', status: error.status, isCertain: false };
  }
}

async function judged(answering: Promise<HttpResponse>, accept: () => Verdict): Promise<Verdict> {
  try {
    await answering;
    return accept();
  } catch (error) {
    const isAboutData = error instanceof HttpStatusError && dataStatuses.has(error.status);
    return isAboutData ? { outcome: 'refused', error } : { outcome: 'undelivered', error };
  }
}
