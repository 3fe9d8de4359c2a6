/** What a first run would send, without sending it. */
import type { Batch } from '../../model/batch.ts';
import { chunks } from '../../series/cut-requests.ts';
import type { Preview } from '../sink.ts';
import type { CollectionDurations } from './encode/points/collection-durations.ts';
import type { Point } from './encode/points/point.ts';
import { type PointsOfBatch, pointsOf } from './encode/points/encode-points.ts';
import { requestsOf } from './encode/split-requests.ts';
import { shownPoint, shownSpan } from './encode/format-points.ts';
import type { TraceSpan } from './encode/traces/trace-span.ts';
import { monthlyCostOf } from './price.ts';
import { compress } from './send/post.ts';
import { problemsOfOmissions } from './send/problems.ts';
import { problemsOfSpans } from './send/traces/span-problems.ts';
import { type ReadSpans, readSpans, spanRequests } from './send/traces/span-requests.ts';
import type { Setup } from './setup.ts';

/** Nothing is known that could have ended, and levels and increases never share a request. */
export async function previewOf(setup: Setup, batch: Batch, durations: CollectionDurations): Promise<Preview> {
  const { config, target, points: settings, encode, where } = setup;
  const { limits, temporality } = target;
  const readings = temporality === 'delta' ? (['levels', 'increases'] as const) : (['all'] as const);
  const read = readings.map((reading) => pointsOf(batch, settings, durations, reading));
  const requests = read.flatMap((one, index) => {
    // As they are written: increases under the time of the tick.
    const message = setup.messageAt(readings[index] === 'increases' ? batch.tickMs : batch.collectedAtMs);
    const pieces = chunks(
      [...one.names].flatMap(({ series }) => series),
      limits.points,
    );
    return [...requestsOf(pieces, { encode, message, maxBytes: limits.bytes }, omitLarge(one))];
  });
  const points = requests.flatMap((request) => request.points);
  const traces = previewedSpans(setup, batch);
  const all = [...requests, ...traces.requests];
  const bodies = await Promise.all(all.map(({ body }) => compress(body, config)));
  const bytes = requests.reduce((sum, { body }) => sum + body.byteLength, 0);
  return {
    samples: points.length + traces.spans.length,
    requests: all.length,
    bytes: bodies.reduce((sum, body) => sum + body.byteLength, 0),
    lines: [...points.map(shownPoint), ...traces.spans.map(shownSpan)],
    monthlyCost: monthlyCostOf(config.preset, { points, bytes, intervalMs: settings.intervalMs }),
    problems: [
      ...problemsOfOmissions(
        read.flatMap((one) => one.omissions()),
        where,
      ),
      ...traces.problems,
    ],
  };
}

function previewedSpans(setup: Setup, batch: Batch) {
  const { config, target, tracesWhere } = setup;
  const { spans, untimely } = config.traces === 'omit' ? noSpans : readSpans(setup, batch);
  const large: TraceSpan[] = [];
  const requests = [...spanRequests(setup, chunks(spans, target.limits.points), { omit: (span) => large.push(span) })];
  const total = spans.length + untimely;
  const tally = { total, unsent: 0, failures: [], tooLarge: large.length, untimely };
  return { requests, spans: requests.flatMap(({ points }) => points), problems: problemsOfSpans(tally, tracesWhere) };
}

const noSpans: ReadSpans = { spans: [], untimely: 0 };

export function omitLarge({ omit }: PointsOfBatch): (point: Point) => void {
  return (point) => {
    omit('size', point);
  };
}
