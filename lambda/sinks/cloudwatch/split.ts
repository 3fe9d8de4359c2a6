import type { Datum } from './datum.ts';
import { maxDatumsPerRequest, maxRequestBytes } from './limits.ts';

/** What goes into one call of PutMetricData. */
export interface PutRequest {
  readonly namespace: string;
  readonly datums: readonly Datum[];
  /** Of the body before compression. */
  readonly bytes: number;
}

interface Growing {
  readonly namespace: string;
  readonly datums: Datum[];
  bytes: number;
}

/**
 * Fewest requests that keep the order of a namespace's datums within the limits of count and size. A request comes as
 * soon as it is full, so that it can be sent while the next is made.
 */
export function* splitRequests(
  datums: Iterable<Datum>,
  bytesOf: (datum: Datum) => number,
): Generator<PutRequest, undefined> {
  const growing = new Map<string, Growing>();
  for (const datum of datums) {
    const size = bytesOf(datum);
    const request = growing.get(datum.namespace) ?? empty(datum.namespace);
    const isFull = request.datums.length === maxDatumsPerRequest || request.bytes + size > maxRequestBytes;
    const next = isFull && request.datums.length > 0 ? empty(datum.namespace) : request;
    if (next !== request) yield request;
    next.datums.push(datum);
    next.bytes += size;
    growing.set(datum.namespace, next);
  }
  yield* growing.values();
}

function empty(namespace: string): Growing {
  return { namespace, datums: [], bytes: envelopeBytes(namespace) };
}

/** Bytes of a body around its datums, less the comma that the last of them does not have. */
function envelopeBytes(namespace: string): number {
  return Buffer.byteLength(JSON.stringify({ Namespace: namespace, MetricData: [] })) - 1;
}

/** Both halves of a request that was refused as a whole. */
export function halves({ namespace, datums, bytes }: PutRequest): readonly [PutRequest, PutRequest] {
  const middle = Math.ceil(datums.length / 2);
  return [
    { namespace, datums: datums.slice(0, middle), bytes },
    { namespace, datums: datums.slice(middle), bytes },
  ];
}
