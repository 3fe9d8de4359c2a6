/** Splits datums into requests that keep to the limits of PutMetricData. */
import type { Datum } from './datum.ts';
import { maxDatumsPerRequest, maxRequestBytes } from '../limits.ts';

/** What goes into one call of PutMetricData. */
export interface PutRequest {
  readonly namespace: string;
  readonly datums: readonly Datum[];
  /** JSON, before compression. Bytes and no text: those of all requests in flight would be collected again and again. */
  readonly body: Uint8Array;
}

/** Gives ASCII, so that the length of a text is its size in bytes. */
type WriteDatum = (datum: Datum) => string;

interface Growing {
  readonly namespace: string;
  readonly datums: Datum[];
  readonly texts: string[];
  bytes: number;
}

/**
 * Fewest requests that keep the order of a namespace's datums within the limits of count and size. A request comes as
 * soon as it is full, so that it can be sent while the next is made; what is left of the first namespaces comes as soon
 * as another one begins.
 * @param first Namespaces whose datums come before all others.
 */
export function* splitRequests(
  datums: Iterable<Datum>,
  write: WriteDatum,
  first: readonly string[] = [],
): Generator<PutRequest, undefined> {
  const growing = new Map<string, Growing>();
  for (const datum of datums) {
    yield* endFirstNamespaces(datum, first, growing);
    const text = write(datum);
    const size = text.length + commaBytes;
    const request = growing.get(datum.namespace) ?? beginRequest(datum.namespace);
    const isFull = request.datums.length === maxDatumsPerRequest || request.bytes + size > maxRequestBytes;
    const next = isFull && request.datums.length > 0 ? beginRequest(datum.namespace) : request;
    if (next !== request) yield endRequest(request);
    next.datums.push(datum);
    next.texts.push(text);
    next.bytes += size;
    growing.set(datum.namespace, next);
  }
  for (const request of growing.values()) yield endRequest(request);
}

/** The first namespaces have come to their end when another one begins. */
function* endFirstNamespaces(
  { namespace }: Datum,
  first: readonly string[],
  growing: Map<string, Growing>,
): Generator<PutRequest, undefined> {
  for (const one of first) {
    const rest = one === namespace ? undefined : growing.get(one);
    if (rest === undefined) continue;
    growing.delete(one);
    yield endRequest(rest);
  }
}

function beginRequest(namespace: string): Growing {
  return { namespace, datums: [], texts: [], bytes: measureEnvelope(namespace) };
}

const commaBytes = 1;

/** Bytes of a body around its datums, less the comma that the last of them does not have. */
function measureEnvelope(namespace: string): number {
  return Buffer.byteLength(writeBody(namespace, [])) - commaBytes;
}

function endRequest({ namespace, datums, texts }: Omit<Growing, 'bytes'>): PutRequest {
  return { namespace, datums, body: Buffer.from(writeBody(namespace, texts)) };
}

function writeBody(namespace: string, texts: readonly string[]): string {
  return `{"Namespace":${JSON.stringify(namespace)},"MetricData":[${texts.join(',')}]}`;
}

/** One request of datums of one namespace that are known to fit. */
export function buildRequest(datums: readonly Datum[], write: WriteDatum): PutRequest {
  return endRequest({
    namespace: datums[0]?.namespace ?? '',
    datums: [...datums],
    texts: datums.map((datum) => write(datum)),
  });
}
