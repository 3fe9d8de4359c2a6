/** Writes batches, and remembers between warm runs what a receiver holds and what it refused. */
import { type Batch, findSkippedSources } from '../../../model/batch.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { createReceiverMemory, type RunMemory } from '../../../series/receiver-memory.ts';
import { cutRun } from '../../../series/delivery/cut-requests.ts';
import type { RequestSize } from '../../../series/delivery/request-size.ts';
import { createSuspects, type Suspects } from '../../../series/delivery/suspects.ts';
import type { Delivery } from '../../sink.ts';
import type { CollectionClock } from '../encode/points/collection-durations.ts';
import { createEndMarker, type Point, type PointMetric } from '../encode/points/point.ts';
import { encodePoints, type PointsOfBatch } from '../encode/points/encode-points.ts';
import { type EncodedRequest, splitRequests } from '../encode/split-requests.ts';
import { buildDelivery, sendRequests } from './send-requests.ts';
import type { Setup } from '../setup.ts';

export interface WriterMemory {
  readonly size: RequestSize;
  readonly collections: CollectionClock;
}

export function createWriter(
  setup: Setup,
  { size, collections }: WriterMemory,
): (batch: Batch, deadline: Deadline) => Promise<Delivery> {
  const memory = createReceiverMemory<PointMetric, Point>({ dated: false, markerOf: createEndMarker });
  const suspects = createSuspects<Point>(({ family }) => family.name);
  const isDelta = setup.target.temporality === 'delta';
  return async (batch, deadline) => {
    const durations = collections.with(batch);
    const levels = encodePoints(batch, setup.points, durations, isDelta ? 'levels' : 'all');
    const increases = isDelta ? encodePoints(batch, setup.points, durations, 'increases') : undefined;
    const run = memory.startRun();
    const suspected = suspects.startRun();
    const timestampMs = memory.nextTimestamp(batch.collectedAtMs);
    // What another invocation publishes has not ended, and which series those are is not known here.
    const hasEndMarks = setup.config.endedSeries === 'mark' && findSkippedSources(batch).length === 0;

    function* generateRequests(isOver: () => boolean): Generator<EncodedRequest> {
      const own = { size: size.samples, suspects };
      const pieces = cutLevels(levels, run, { ...own, hasEndMarks });
      yield* encodeRequests(setup, { timestampMs, pieces, read: levels, isOver });
      // Under the time of the tick, so that what is sent again later has the same.
      if (increases === undefined) return;
      const added = cutIncreases(increases, own);
      yield* encodeRequests(setup, { timestampMs: batch.tickMs, pieces: added, read: increases, isOver });
    }
    const sent = await sendRequests(setup, generateRequests, { deadline, observers: [run, suspected, size] });
    run.commit();
    suspected.commit();
    collections.keep(durations);
    const omissions = [...levels.omissions(), ...(increases?.omissions() ?? [])];
    return buildDelivery(setup, sent, { omissions, tickMs: batch.tickMs });
  };
}

interface Encoding {
  readonly timestampMs: number;
  readonly pieces: Iterable<readonly Point[]>;
  readonly read: PointsOfBatch;
  readonly isOver: () => boolean;
}

function encodeRequests(
  { encode, messageAt, target }: Setup,
  { timestampMs, pieces, read, isOver }: Encoding,
): Iterable<EncodedRequest> {
  const message = messageAt(timestampMs);
  return splitRequests(pieces, { encode, message, maxBytes: target.limits.bytes, isOver }, read.omitLarge);
}

interface Cutting {
  /** Points in one request. */
  readonly size: () => number;
  readonly suspects: Suspects<Point>;
}

function cutLevels(
  { names }: PointsOfBatch,
  { recognise, collectMarkers }: RunMemory<Point>,
  { hasEndMarks, ...cutting }: Cutting & { readonly hasEndMarks: boolean },
): Iterable<readonly Point[]> {
  return cutRun({ names, recognise, markers: hasEndMarks ? collectMarkers : () => [], ...cutting });
}

/** Increases end by not being sent. */
function cutIncreases({ names }: PointsOfBatch, cutting: Cutting): Iterable<readonly Point[]> {
  return cutRun<Point>({ names, recognise: ({ series }) => series, markers: () => [], ...cutting });
}
