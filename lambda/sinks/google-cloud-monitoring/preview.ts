/** What a first run would send, without sending it. */
import type { Batch } from '../../model/batch.ts';
import { splitChunks } from '../../model/lists/split-chunks.ts';
import type { Preview } from '../sink.ts';
import { encodePoints } from './encode/encode-points.ts';
import { encodeRequests } from './encode/encode-requests.ts';
import { formatPoint } from './encode/format-points.ts';
import { maxSeriesPerRequest } from './limits.ts';
import { priceMonth } from './price.ts';
import { describeOmissions } from './send/problems.ts';
import type { Setup } from './setup.ts';

export function previewPoints({ encode, resources, where, ports: { intervalMs } }: Setup, batch: Batch): Preview {
  const { names, omissions } = encodePoints(batch, encode);
  const points = names.flatMap(({ series }) => series);
  const requests = [
    ...encodeRequests(splitChunks(points, maxSeriesPerRequest), { resources, endMs: batch.collectedAtMs }),
  ];
  return {
    samples: points.length,
    requests: requests.length,
    bytes: requests.reduce((sum, { body }) => sum + body.byteLength, 0),
    lines: points.map(formatPoint),
    monthlyCost: priceMonth(points.length, intervalMs),
    problems: describeOmissions(omissions, where),
  };
}
