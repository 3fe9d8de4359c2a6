/** Derives the ids of traces and spans from the run, so that a span sent twice is one span. */
import { hash } from 'node:crypto';
import type { Span } from '../../../../model/span.ts';

/** trace.proto: a trace has 16 bytes, a span 8. */
const traceBytes = 16;
const spanBytes = 8;

export interface SpanIds {
  readonly trace: Uint8Array;
  readonly span: Uint8Array;
  /** Absent for the run itself. */
  readonly parent?: Uint8Array;
}

/**
 * The scope is no part of them: ids of vendors are unique without it, and that of a job may be another than that of its
 * run. Nor is the deployment: two of them that read the same source send the same runs.
 */
export function deriveIds(
  { run, attemptNumber, id }: Pick<Span, 'run' | 'attemptNumber' | 'id'>,
  { system, source }: { readonly system: string; readonly source: string },
): SpanIds {
  const of = [system, source, run, attemptNumber ?? null];
  const trace = digest(of, traceBytes);
  const root = digest(['run', ...of], spanBytes);
  return id === undefined
    ? { trace, span: root }
    : { trace, span: digest(['part', ...of, id], spanBytes), parent: root };
}

/** As JSON, in which no two lists are the same text. */
function digest(identity: readonly unknown[], bytes: number): Uint8Array {
  return hash('sha256', JSON.stringify(identity), 'buffer').subarray(0, bytes);
}
