/** What a first run would send, without sending it. */
import type { Batch } from '../../model/batch.ts';
import { chunks } from '../../series/pieces.ts';
import type { Preview } from '../sink.ts';
import type { CollectionDurations } from './encode/collection-durations.ts';
import { type PointsOfBatch, pointsOf } from './encode/points.ts';
import { requestsOf } from './encode/requests.ts';
import { shownPoint } from './encode/shown.ts';
import { monthlyCostOf } from './price.ts';
import { compress } from './send/post.ts';
import { problemsOfOmissions } from './send/problems.ts';
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
  const bodies = await Promise.all(requests.map(({ body }) => compress(body, config)));
  const raw = requests.reduce((sum, { body }) => sum + body.byteLength, 0);
  return {
    samples: points.length,
    requests: requests.length,
    bytes: bodies.reduce((sum, body) => sum + body.byteLength, 0),
    lines: points.map(shownPoint),
    monthlyCost: monthlyCostOf({ isCloudWatch: config.preset === 'cloudwatch', intervalMs: settings.intervalMs }, raw),
    problems: problemsOfOmissions(
      read.flatMap((one) => one.omissions()),
      where,
    ),
  };
}

export function omitLarge({ omit }: PointsOfBatch): Parameters<typeof requestsOf>[2] {
  return (point) => {
    omit('size', point);
  };
}
