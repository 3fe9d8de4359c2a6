/** The limits of PutMetricData and of this sink, each number with its source. */
import { dayMs, hourMs } from '../../model/time.ts';

/**
 * What PutMetricData takes (CloudWatch API reference: PutMetricData, MetricDatum, Dimension). One datum outside these
 * limits makes it refuse the whole request, so everything is held to them before anything is sent.
 */

/** API reference, PutMetricData, `MetricData`. */
export const maxDatumsPerRequest = 1000;

/**
 * API reference, PutMetricData: "1 MB in size for HTTP POST requests"; compressed requests have no more. Read as the
 * smaller megabyte, and held before compression.
 */
export const maxRequestBytes = 1_000_000;

/** The default of the AWS SDK's `requestMinCompressionSizeBytes`: a body of this size or more is compressed. */
export const compressedFromBytes = 10_240;

/**
 * Of gzip, 1 to 9. The bodies of 10,000 queues, 19 MB, were 358 kB after 31 ms of CPU time with level 1, and 339 kB after
 * 100 ms with level 6, which is the SDK's.
 */
export const gzipLevel = 1;

/** API reference, MetricDatum, `Values`: unique values in one datum. */
export const maxValuesPerDatum = 150;

/** API reference, MetricDatum, `Dimensions`. */
export const maxDimensions = 30;

/** API reference, Dimension, `Name`. */
export const maxDimensionNameLength = 255;

/** API reference, Dimension, `Value`. */
export const maxDimensionValueLength = 1024;

/** API reference, MetricDatum, `MetricName`. */
export const maxMetricNameLength = 255;

/** API reference, PutMetricData, `Namespace`. */
export const maxNamespaceLength = 255;

/** API reference, MetricDatum, `Value`: -2^360 to 2^360; NaN and infinities are refused. */
export const maxMagnitude = 2 ** 360;

/** Points finer than a minute need StorageResolution 1; 60 is the default and is left out. */
export const highResolution = 1;

/**
 * Requests at a time. Enough to deliver 10,000 queues in a second; far from the 500 a second that an account has for
 * all of its programs.
 */
export const maxConcurrentRequests = 5;

/** The SDK's own default, named: two more tries survive a throttled second and still fit the run. */
export const maxAttempts = 3;

/** A connection inside a Region takes milliseconds; what takes longer is a missing route or a closed security group. */
export const connectTimeoutMs = 2000;

/** PutMetricData answers within a second; more is a lost connection, and the deadline still has room for another try. */
export const answerTimeoutMs = 5000;

/**
 * Extra requests that one write may spend on finding refused datums, those included that send the rest of refused
 * requests again: about 20 find one queue among 100, and one by one they take some three seconds. More bad datums than
 * that are a fault of a kind, and searching for each would cost the run.
 */
export const maxSearchRequests = 64;

/** A name that CloudWatch refuses may be mended in the CI system; an hour apart a new search costs nothing. */
export const retryRefusedAfterMs = hourMs;

/** About 1,000 bad queues; each takes some 300 bytes, so 3 MB at most. Beyond it the oldest are searched for again. */
export const maxRefusedDatums = 10_000;

/**
 * Label sets whose dimensions are kept from run to run, of some 400 bytes each: two for each of 20,000 queues, and 16 MB
 * at most. What is beyond them is written anew by every run.
 */
export const maxKnownDimensions = 40_000;

/** About four hours with a run a minute; names that are gone are kept no longer. */
export const knownDimensionsRuns = 256;

/** API reference, MetricDatum, `Timestamp`: "as much as two weeks before the current date". */
const maxAgeMs = 14 * dayMs;

/** The same: "as much as two hours after the current day and time". */
const maxAheadMs = 2 * hourMs;

export function isStorableTime(timeMs: number, nowMs: number): boolean {
  return nowMs - timeMs <= maxAgeMs && timeMs - nowMs <= maxAheadMs;
}

/** The same in words, for a problem. */
export const range = 'CloudWatch takes points of the last two weeks and of the next two hours';
