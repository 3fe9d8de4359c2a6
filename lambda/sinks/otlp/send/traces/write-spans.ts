/** Sends the runs and jobs that finished as spans of traces. */
import type { Batch } from '../../../../model/batch.ts';
import type { Deadline } from '../../../../runtime/deadline.ts';
import { deliver } from '../../../../series/delivery/deliver.ts';
import { splitChunks } from '../../../../model/lists/split-chunks.ts';
import { createRequestSize } from '../../../../series/delivery/request-size.ts';
import { countStored, type Settled, type Reception } from '../../../../series/delivery/reception.ts';
import type { Delivery } from '../../../sink.ts';
import type { EncodedRequest } from '../../encode/split-requests.ts';
import type { TraceSpan } from '../../encode/traces/trace-span.ts';
import type { Setup } from '../../setup.ts';
import { judge } from '../judge.ts';
import { createPost } from '../post.ts';
import { buildJudgePorts } from '../send-requests.ts';
import { describeSpans, type SpanLoss } from './span-problems.ts';
import { selectSpans, splitSpans } from './span-requests.ts';

export type WriteSpans = (batch: Batch, deadline: Deadline) => Promise<Delivery>;

/** Spans have ids of their own, so that one that is sent again is known: every request may be repeated. */
export function createSpanWriter(setup: Setup): WriteSpans {
  const { config, target, ports, tracesWhere: where } = setup;
  const size = createRequestSize(target.limits.points);
  return async (batch, deadline) => {
    const { spans, untimely } = selectSpans(setup, batch);
    const { post, traffic } = createPost(
      { config, target: { url: target.tracesUrl, temporality: 'cumulative' }, ports, tokens: setup.tokens?.traces },
      deadline,
    );
    const judging = buildJudgePorts({ ...setup, where });
    const counts = { total: spans.length + untimely, unsent: 0, accepted: 0, tooLarge: 0, untimely };
    const losses: SpanLoss[] = [];
    let isLost = false;
    const send = ({ points, body }: EncodedRequest<TraceSpan>): Promise<Reception> =>
      judge(points.length, post(body, 'harmless'), judging);
    const note = (settled: Settled<TraceSpan>): void => {
      const { series, reception } = settled;
      size.note(settled);
      isLost ||= reception.outcome === 'undelivered';
      const stored = countStored(settled);
      counts.accepted += stored;
      if (reception.outcome === 'unsent') counts.unsent += series.length;
      else if (reception.outcome !== 'stored') losses.push({ lost: series.length - stored, reception, metrics: 0 });
    };
    const omit = (): void => {
      counts.tooLarge += 1;
    };
    const pieces = splitSpans(setup, splitChunks(spans, size.samples()), {
      omit,
      isOver: () => isLost || deadline.signal.aborted,
    });
    await deliver({
      pieces,
      samplesIn: ({ points }) => points,
      send,
      note,
      signal: deadline.signal,
      parallel: config.parallelRequests,
    });
    return { accepted: counts.accepted, ...traffic, problems: describeSpans({ ...counts, losses }, where) };
  };
}

/** What was sent to both addresses of a receiver. */
export function joinDeliveries(metrics: Delivery, spans: Delivery): Delivery {
  return {
    ...metrics,
    accepted: metrics.accepted + spans.accepted,
    requests: metrics.requests + spans.requests,
    bytes: metrics.bytes + spans.bytes,
    problems: [...metrics.problems, ...spans.problems],
  };
}
