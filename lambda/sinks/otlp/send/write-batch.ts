/** Writes batches, and remembers between warm runs what a receiver holds and what it refused. */
import type { Batch } from '../../../model/batch.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { createMemory, type RunMemory } from '../../../series/receiver-memory.ts';
import { piecesOfRun } from '../../../series/cut-requests.ts';
import type { RequestSize } from '../../../series/request-size.ts';
import { createSuspects, type Suspects } from '../../../series/suspects.ts';
import type { Delivery } from '../../sink.ts';
import type { CollectionClock } from '../encode/points/collection-durations.ts';
import { endOf, type Point, type PointMetric } from '../encode/points/point.ts';
import { pointsOf } from '../encode/points/encode-points.ts';
import { type EncodedRequest, requestsOf } from '../encode/split-requests.ts';
import { omitLarge } from '../preview.ts';
import { deliveryOf, sendRequests } from './send-requests.ts';
import type { Setup } from '../setup.ts';

export interface WriterParts {
  readonly size: RequestSize;
  readonly collections: CollectionClock;
}

export function createWriter(
  setup: Setup,
  { size, collections }: WriterParts,
): (batch: Batch, deadline: Deadline) => Promise<Delivery> {
  const memory = createMemory<PointMetric, Point>({ dated: false, markerOf: endOf });
  const suspects = createSuspects<Point>(({ family }) => family.name);
  const isDelta = setup.target.temporality === 'delta';
  return async (batch, deadline) => {
    const durations = collections.with(batch);
    const levels = pointsOf(batch, setup.points, durations, isDelta ? 'levels' : 'all');
    const increases = isDelta ? pointsOf(batch, setup.points, durations, 'increases') : undefined;
    const run = memory.startRun();
    const suspected = suspects.startRun();
    const timestampMs = memory.nextTimestamp(batch.collectedAtMs);
    const tellsEnds = setup.config.endedSeries === 'mark' && !isAnySkipped(batch);

    function* requests(isOver: () => boolean): Generator<EncodedRequest> {
      const own = { size: size.samples, suspects };
      const pieces = piecesOfLevels(levels, run, { ...own, tellsEnds });
      yield* encoded(setup, { timestampMs, pieces, read: levels, isOver });
      // Under the time of the tick, so that what is sent again later has the same.
      if (increases === undefined) return;
      const added = piecesOfIncreases(increases, own);
      yield* encoded(setup, { timestampMs: batch.tickMs, pieces: added, read: increases, isOver });
    }
    const sent = await sendRequests(setup, requests, { deadline, observers: [run, suspected, size] });
    run.commit();
    suspected.commit();
    collections.keep(durations);
    const omissions = [...levels.omissions(), ...(increases?.omissions() ?? [])];
    return deliveryOf(setup, sent, { omissions, tickMs: batch.tickMs });
  };
}

type Read = ReturnType<typeof pointsOf>;

interface Encoding {
  readonly timestampMs: number;
  readonly pieces: Iterable<readonly Point[]>;
  readonly read: Read;
  readonly isOver: () => boolean;
}

function encoded(
  { encode, messageAt, target }: Setup,
  { timestampMs, pieces, read, isOver }: Encoding,
): Iterable<EncodedRequest> {
  const message = messageAt(timestampMs);
  return requestsOf(pieces, { encode, message, maxBytes: target.limits.bytes, isOver }, omitLarge(read));
}

interface Cutting {
  /** Points in one request. */
  readonly size: () => number;
  readonly suspects: Suspects<Point>;
}

function piecesOfLevels(
  { names }: Read,
  { recognised, markers }: RunMemory<Point>,
  { tellsEnds, ...cutting }: Cutting & { readonly tellsEnds: boolean },
): Iterable<readonly Point[]> {
  return piecesOfRun({ names, recognise: recognised, markers: tellsEnds ? markers : () => [], ...cutting });
}

/** Increases end by not being sent. */
function piecesOfIncreases({ names }: Read, cutting: Cutting): Iterable<readonly Point[]> {
  return piecesOfRun<Point>({ names, recognise: ({ series }) => series, markers: () => [], ...cutting });
}

/** What another invocation publishes for this tick has not ended, and which series those are is not known here. */
function isAnySkipped({ parts }: Batch): boolean {
  return parts.some(({ status }) => status === 'skipped');
}
