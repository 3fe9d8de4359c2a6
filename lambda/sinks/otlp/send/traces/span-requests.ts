/** Makes requests of the spans of a batch. */
import type { Batch } from '../../../../model/batch.ts';
import { type EncodedRequest, splitRequests } from '../../encode/split-requests.ts';
import { hasWritableTimes, collectSpans, type TraceSpan } from '../../encode/traces/trace-span.ts';
import { encodeSpansAsJson } from '../../encode/traces/encode-spans-json.ts';
import { encodeSpansAsProtobuf } from '../../encode/traces/encode-spans-protobuf.ts';
import type { Setup } from '../../setup.ts';

export interface SelectedSpans {
  readonly spans: readonly TraceSpan[];
  /** Left out, because OTLP cannot write their time. */
  readonly untimely: number;
}

export function selectSpans({ config }: Pick<Setup, 'config'>, batch: Batch): SelectedSpans {
  const all = collectSpans(batch, config.attributes);
  const spans = all.filter(hasWritableTimes);
  return { spans, untimely: all.length - spans.length };
}

export interface SpanWriting {
  /** Is told each span that is too large for a request of its own. */
  readonly omit: (span: TraceSpan) => void;
  /** Whether nothing more will be sent, so that nothing more has to be encoded. */
  readonly isOver?: () => boolean;
}

export function splitSpans(
  { config, target, resource: message }: Pick<Setup, 'config' | 'target' | 'resource'>,
  pieces: Iterable<readonly TraceSpan[]>,
  { omit, isOver = () => false }: SpanWriting,
): Generator<EncodedRequest<TraceSpan>> {
  const encode = config.encoding === 'json' ? encodeSpansAsJson : encodeSpansAsProtobuf;
  return splitRequests(pieces, { encode, message, maxBytes: target.limits.bytes, isOver }, omit);
}
