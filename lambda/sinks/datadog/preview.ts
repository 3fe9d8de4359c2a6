/** Shows what a delivery would send: the same points in the same requests, without sending them. */
import type { Preview } from '../sink.ts';
import type { Encoding } from './encode/encode-points.ts';
import { type Resources, splitRequests } from './encode/split-requests.ts';
import { shown } from './encode/shown.ts';
import { priceOfMonth } from './price.ts';
import { tellFlaws } from './send/problems.ts';

export interface PreviewSettings {
  readonly resources: Resources;
  /** `datadog/<name>` */
  readonly where: string;
}

export function previewPoints({ points, findings }: Encoding, { resources, where }: PreviewSettings): Preview {
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
    lines: points.map((point) => `${shown(point)} ${point.values.join(' ')}`),
    monthlyCost: priceOfMonth(points),
    problems: tellFlaws(findings, where),
  };
}
