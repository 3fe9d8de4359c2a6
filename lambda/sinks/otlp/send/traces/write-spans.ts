/** Sends the runs and jobs that finished as spans of traces. */
import type { Batch } from '../../../../model/batch.ts';
import type { Deadline } from '../../../../runtime/deadline.ts';
import { deliver } from '../../../../series/deliver.ts';
import { NotBegunError } from '../../../../series/fate.ts';
import { chunks } from '../../../../series/cut-requests.ts';
import { createRequestSize } from '../../../../series/request-size.ts';
import type { Settled, Verdict } from '../../../../series/reception.ts';
import type { Delivery } from '../../../sink.ts';
import type { EncodedRequest } from '../../encode/split-requests.ts';
import type { TraceSpan } from '../../encode/traces/trace-span.ts';
import type { Setup } from '../../setup.ts';
import { judge } from '../judge.ts';
import { createPost } from '../post.ts';
import { judgePorts } from '../send-requests.ts';
import { problemsOfSpans, type SpanFailure } from './span-problems.ts';
import { readSpans, spanRequests } from './span-requests.ts';

export type WriteSpans = (batch: Batch, deadline: Deadline) => Promise<Delivery>;

/** Spans have ids of their own, so that one that is sent again is known: every request may be repeated. */
export function createSpanWriter(setup: Setup): WriteSpans {
  const { config, target, ports, tracesWhere: where } = setup;
  const size = createRequestSize(target.limits.points);
  return async (batch, deadline) => {
    const { spans, untimely } = readSpans(setup, batch);
    const { post, traffic } = createPost(
      { config, target: { url: target.tracesUrl, temporality: 'cumulative' }, ports, tokens: setup.tokens?.traces },
      deadline,
    );
    const judging = judgePorts({ ...setup, where });
    const counts = { total: spans.length + untimely, unsent: 0, accepted: 0, tooLarge: 0, untimely };
    const failures: SpanFailure[] = [];
    let isLost = false;
    const send = async ({ points, body }: EncodedRequest<TraceSpan>): Promise<Verdict> => {
      if (deadline.signal.aborted) return { outcome: 'undelivered', error: new NotBegunError() };
      return await judge(points.length, post(body, 'harmless'), judging);
    };
    const note = (settled: Settled<TraceSpan>): void => {
      const { series, verdict } = settled;
      size.note(settled);
      isLost ||= verdict.outcome === 'undelivered';
      const stored = storedOf(series.length, verdict);
      counts.accepted += stored;
      if (verdict.outcome === 'unsent') counts.unsent += series.length;
      else if (verdict.outcome !== 'stored') failures.push({ lost: series.length - stored, verdict, metrics: 0 });
    };
    const omit = (): void => {
      counts.tooLarge += 1;
    };
    const pieces = spanRequests(setup, chunks(spans, size.samples()), {
      omit,
      isOver: () => isLost || deadline.signal.aborted,
    });
    await deliver({ pieces, samplesOf: ({ points }) => points, send, note, parallel: config.parallelRequests });
    return { accepted: counts.accepted, ...traffic, problems: problemsOfSpans({ ...counts, failures }, where) };
  };
}

function storedOf(spans: number, verdict: Settled<TraceSpan>['verdict']): number {
  if (verdict.outcome === 'stored') return spans;
  return verdict.outcome === 'partial' ? verdict.stored : 0;
}

/** What was sent to both addresses of a receiver. */
export function together(metrics: Delivery, spans: Delivery): Delivery {
  return {
    ...metrics,
    accepted: metrics.accepted + spans.accepted,
    requests: metrics.requests + spans.requests,
    bytes: metrics.bytes + spans.bytes,
    problems: [...metrics.problems, ...spans.problems],
  };
}
