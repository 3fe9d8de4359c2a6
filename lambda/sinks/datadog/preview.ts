/** Shows what a delivery would send: the same points in the same requests, without sending them. */
import type { Preview } from '../sink.ts';
import type { Encoding } from './encode/encode-points.ts';
import type { Point } from './encode/point.ts';
import { type Resources, splitRequests } from './encode/split-requests.ts';
import { formatSeries } from './encode/shown.ts';
import { priceMonth } from './price.ts';
import { describeFindings } from './send/problems.ts';

export interface PreviewSettings {
  readonly resources: Resources;
  /** `datadog/<name>` */
  readonly where: string;
  /** Every series that may report within an hour, those to which this run adds nothing among them. */
  readonly priced: Iterable<Point>;
}

export function previewPoints(encoding: Encoding, { resources, where, priced }: PreviewSettings): Preview {
  const points = [...encoding.points];
  let requests = 0;
  let bytes = 0;
  for (const { body } of splitRequests(points, resources)) {
    requests += 1;
    bytes += body.byteLength;
  }
  return {
    samples: points.length,
    requests,
    bytes,
    lines: points.map((point) => `${formatSeries(point)} ${point.values.join(' ')}`),
    monthlyCost: priceMonth([...priced]),
    problems: describeFindings(encoding.findings(), where),
  };
}
