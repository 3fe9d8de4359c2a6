/** What receivers take in one request, each number with its source. */
import { hourMs } from '../../model/time.ts';

/** Which of the two sizes of a request. */
export type RequestLimit = 'points' | 'bytes';

export interface ReceiverLimits {
  /** Points in one request. */
  readonly points: number;
  /** Bytes of one request before compression. */
  readonly bytes: number;
  /** What of the two the receiver refuses to exceed, so that no setting may; the other is an own choice. */
  readonly hard: readonly RequestLimit[];
  /** Attributes of one point; undefined where no limit is known. */
  readonly attributes?: number;
  /** Points that are older are not stored; undefined where no limit is known. Milliseconds. */
  readonly maxAgeMs?: number;
}

/**
 * OTLP recommends 20 MiB as what a sender should keep below; a Collector with gRPC behind it takes 4 MiB, and a request
 * is worth no more: 10,000 points are about 2 MB.
 */
export const usualLimits: ReceiverLimits = { points: 10_000, bytes: 4 * 1024 * 1024, hard: [] };

/**
 * CloudWatch user guide, OTLP endpoint: 1,000 data points and 1 MB uncompressed a request, 150 labels a data point. Read
 * as the smaller megabyte.
 */
export const cloudWatchLimits: ReceiverLimits = {
  points: 1000,
  bytes: 1_000_000,
  hard: ['points', 'bytes'],
  attributes: 150,
};

/**
 * New Relic documentation, OTLP and Metric API: 1 MB (10^6 bytes) a payload, held before compression; attributes of a
 * metric: 100; timestamps of the last 48 hours.
 */
export const newRelicLimits: ReceiverLimits = {
  points: 10_000,
  bytes: 1_000_000,
  hard: ['bytes'],
  attributes: 100,
  maxAgeMs: 48 * hourMs,
};

/**
 * Datadog documentation, submission of metrics: 512,000 bytes sent and 5,242,880 once unpacked. The first is
 * kept here before compression so that it holds in any case; timestamps of the last hour.
 */
export const datadogLimits: ReceiverLimits = { points: 10_000, bytes: 512_000, hard: ['bytes'], maxAgeMs: hourMs };

/**
 * Google's Telemetry API refuses a larger request as a whole: "A maximum of 200 points can be written in a single
 * request." Its size is not documented.
 */
export const googleCloudLimits: ReceiverLimits = { points: 200, bytes: usualLimits.bytes, hard: ['points'] };

/** The OTLP specification sets 4 MiB for what a client reads of an answer. */
export const maxAnswerBytes = 4 * 1024 * 1024;
