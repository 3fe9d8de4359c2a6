/** What a request with spans is made of, before either encoding. */
import type { Resource } from '../resource.ts';
import type { TraceSpan } from './trace-span.ts';

export type EncodeSpans = (spans: readonly TraceSpan[], resource: Resource) => Uint8Array;

/** SpanKind of trace.proto. */
export const kindNumber = { internal: 1, server: 2 } as const satisfies Record<TraceSpan['kind'], number>;

/** StatusCode of trace.proto; what has not failed has no status. */
export const errorCode = 2;
