/** What Datadog takes, each number with its source. */
import { minuteMs } from '../../model/time.ts';

/** API reference, "Submit metrics" v2: at most 500 kilobytes (512,000 bytes) as sent. Its page on distributions has none. */
export const maxSentBytes = 512_000;

/** The same page: less than 5 megabytes (5,242,880 bytes) once unpacked; read as the smaller megabyte. */
export const maxUnpackedBytes = 5_000_000;

/**
 * Own choice: one point by itself is then always within both limits, for what cannot be compressed grows by less than a
 * thousandth.
 */
export const maxPointBytes = 500_000;

/** Own choice: 10,000 observations of at most 24 characters are half of `maxPointBytes`; more of them are further points. */
export const maxValuesPerPoint = 10_000;

/** API reference, "Submit metrics": timestamps not more than one hour in the past; older points are not stored. */
export const maxAgeMs = 60 * minuteMs;

/** The same page: timestamps not more than ten minutes in the future. */
export const maxAheadMs = 10 * minuteMs;

/** Documentation, "Define tags": tags of up to 200 characters. */
export const maxTagLength = 200;

/** Documentation, rules for naming metrics: names must not exceed 200 characters. */
export const maxNameLength = 200;

/** Own choice: enough for 10,000 queues within seconds; the API reference says that submission is not rate limited. */
export const maxParallelRequests = 4;

/**
 * Own choice: requests that one delivery may spend on finding refused points. Fourteen find one among 10,000; many more
 * bad points than four are a fault of a kind, and looking for each would cost the run.
 */
export const maxSearchRequests = 64;

/** Own choice: an answer is a short list of texts. */
export const maxAnswerBytes = 1024 * 1024;
