/** What a first run would send, without sending it. */
import type { Batch } from '../../model/batch.ts';
import { addStandInsToBatch } from '../../model/families/stand-ins.ts';
import { splitChunks } from '../../model/lists/split-chunks.ts';
import type { Preview } from '../sink.ts';
import type { CollectionDurations } from './encode/points/collection-durations.ts';
import { type BatchSettings, encodePoints } from './encode/points/encode-points.ts';
import type { Point } from './encode/points/point.ts';
import { splitRequests } from './encode/split-requests.ts';
import { formatPoint, formatSpan } from './encode/format-points.ts';
import type { TraceSpan } from './encode/traces/trace-span.ts';
import { priceMonth, priceTraces } from './price.ts';
import { compress } from './send/post.ts';
import { describeOmissions } from './send/problems.ts';
import { describeSpans } from './send/traces/span-problems.ts';
import { type SelectedSpans, selectSpans, splitSpans } from './send/traces/span-requests.ts';
import type { Setup } from './setup.ts';

/** Nothing is known that could have ended, and levels and increases never share a request. */
export async function previewBatch(setup: Setup, batch: Batch, durations: CollectionDurations): Promise<Preview> {
  const { config, target, points: settings, encode, where } = setup;
  const { limits, temporality } = target;
  const readings = temporality === 'delta' ? (['levels', 'increases'] as const) : (['all'] as const);
  const read = readings.map((reading) => encodePoints(batch, settings, durations, reading));
  const requests = read.flatMap((one, index) => {
    // As they are written: increases under the time of the tick.
    const message = setup.messageAt(readings[index] === 'increases' ? batch.tickMs : batch.collectedAtMs);
    const pieces = splitChunks(
      [...one.names].flatMap(({ series }) => series),
      limits.points,
    );
    return [...splitRequests(pieces, { encode, message, maxBytes: limits.bytes }, one.omitLarge)];
  });
  const points = requests.flatMap((request) => request.points);
  const traces = previewSpans(setup, batch);
  const all = [...requests, ...traces.requests];
  const bodies = await Promise.all(all.map(({ body }) => compress(body, config)));
  const bytes = requests.reduce((sum, { body }) => sum + body.byteLength, 0);
  return {
    samples: points.length + traces.spans.length,
    requests: all.length,
    bytes: bodies.reduce((sum, body) => sum + body.byteLength, 0),
    lines: [...points.map(formatPoint), ...traces.spans.map(formatSpan)],
    monthlyCost: [
      ...priceMonth(config.preset, {
        ...{ points, bytes, intervalMs: settings.intervalMs },
        makeReporting: () => collectReporting(batch, settings, durations),
      }),
      ...traces.monthlyCost,
    ],
    problems: [
      ...describeOmissions(
        read.flatMap((one) => one.omissions()),
        where,
      ),
      ...traces.problems,
    ],
  };
}

/** Of a receiver of increases, which is not sent what stood still. */
function collectReporting(batch: Batch, settings: BatchSettings, durations: CollectionDurations): readonly Point[] {
  const { names } = encodePoints(addStandInsToBatch(batch), settings, durations, 'all');
  return [...names].flatMap(({ series }) => series);
}

function previewSpans(setup: Setup, batch: Batch) {
  const { config, target, tracesWhere } = setup;
  const { spans, untimely } = config.traces === 'omit' ? noSpans : selectSpans(setup, batch);
  const large: TraceSpan[] = [];
  const requests = [
    ...splitSpans(setup, splitChunks(spans, target.limits.points), { omit: (span) => large.push(span) }),
  ];
  const total = spans.length + untimely;
  const tally = { total, unsent: 0, losses: [], tooLarge: large.length, untimely };
  const sent = requests.flatMap(({ points }) => points);
  const bytes = requests.reduce((sum, { body }) => sum + body.byteLength, 0);
  return {
    requests,
    spans: sent,
    problems: describeSpans(tally, tracesWhere),
    // A collector on machines of one's own charges nothing.
    monthlyCost:
      config.traces === 'omit' || config.preset === 'collector' ? [] : priceTraces({ spans: sent.length, bytes }),
  };
}

const noSpans: SelectedSpans = { spans: [], untimely: 0 };
