/** What New Relic takes, each number with its source. */
import { hourMs, dayMs } from '../../model/time.ts';

/**
 * Metric API, "limits and restricted attributes", and Event API, "Limits": 1 MB (10^6 bytes) a POST. It is not said
 * whether that is as sent or once unpacked, so both are kept.
 */
const maxRequestBytes = 1_000_000;

/** Own choice: what cannot be compressed grows by less than a thousandth, so that the body as sent is below the limit, too. */
export const maxUnpackedBytes = maxRequestBytes - 1000;

/** Own choice: one point by itself then fits into a request, with the attributes that all points have in common. */
export const maxPointBytes = 900_000;

/** Own choice, so that `maxPointBytes` holds: characters of all `attributes` of the settings together. */
export const maxCommonCharacters = 10_000;

/** The same page: 100 attributes a metric; those that all points have in common are among them. */
export const maxAttributes = 100;

/** Both pages: a value of at most 4,096 characters. */
export const maxValueLength = 4096;

/** "Report metrics via the Metric API": the name of a metric and the key of an attribute have less than 255 characters. */
export const maxNameLength = 254;

/** The same page: what is older than 48 hours when it arrives is dropped. */
export const maxAgeMs = 48 * hourMs;

/** The same page: and what is more than 24 hours ahead. */
export const maxAheadMs = dayMs;

/** Own choice: enough for 10,000 queues within a second; an account has 100,000 POSTs a minute. */
export const maxParallelRequests = 4;

/**
 * Own choice: requests that one delivery may spend on finding refused points. Twenty-four find one among 4,000; many
 * more bad points are a fault of a kind, and looking for each would cost the run.
 */
export const maxSearchRequests = 64;

/** Own choice: an answer is one short object. */
export const maxAnswerBytes = 1024 * 1024;
