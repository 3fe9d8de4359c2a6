/** What remote write prescribes: headers, statuses, and how much a receiver says it has stored. */
import type { HttpResponse } from '../../../http/port.ts';

export type Version = '1.0' | '2.0';

/** The headers that tell a receiver what the body is; the HTTP port adds the user agent. */
export const protocolHeaders: Readonly<Record<Version, Readonly<Record<string, string>>>> = {
  '1.0': {
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
  },
  '2.0': {
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': '2.0.0',
  },
};

/** Not in the specification: Prometheus sends it, and Mimir computes its Retry-After from it. */
export const retryAttemptHeader = 'retry-attempt';

/** The specification has a sender repeat all 5xx; the HTTP port repeats 502, 503 and 504 by itself. */
export const retriedStatuses: readonly number[] = Array.from({ length: 100 }, (_, index) => 500 + index);

/** Faults of a server that has done nothing: too many requests, or unable to handle any (RFC 9110, RFC 6585). */
export const undoneStatuses: readonly number[] = [429, 503];

/** A receiver that was to be spoken to in 2.0 alone does not speak it. */
export class NotSpokenError extends Error {
  override readonly name = 'NotSpokenError';

  constructor(status: number) {
    super(
      `the receiver does not speak remote write 2.0 (it answered ${String(status)} without saying how much it wrote); set version: auto, or 1.0`,
    );
  }
}

/** Series whose names only 2.0 can carry, at a receiver that speaks 1.0. */
export class Utf8NamesError extends Error {
  override readonly name = 'Utf8NamesError';

  constructor() {
    super(
      'their names have characters that remote write 1.0 does not allow, and the receiver does not speak 2.0; set utf8Names: escape of the source',
    );
  }
}

/**
 * Answers that can be about a single sample: 400 by the specification, 409 at Thanos (out of order, duplicate, out of
 * bounds), 413 for too large a request, 422 at some gateways. They stop no other request.
 */
export const dataStatuses: ReadonlySet<number> = new Set([400, 409, 413, 422]);

const writtenHeaders = ['samples', 'histograms', 'exemplars'].map(
  (kind) => `x-prometheus-remote-write-${kind}-written`,
);

/**
 * How many samples a 2.0 receiver says that it has stored. Undefined without any of the three headers, which it must
 * send on success and failure: then the receiver does not speak 2.0 and has stored nothing.
 */
export function parseSamplesWritten({ headers }: Pick<HttpResponse, 'headers'>): number | undefined {
  const counts = writtenHeaders.map((name) => headers[name]);
  if (!counts.some((count) => count !== undefined && /^\d+$/.test(count))) return undefined;
  return /^\d+$/.test(counts[0] ?? '') ? Number(counts[0]) : 0;
}
