/** Shows what a delivery would send: the same points in the same requests, without sending them. */
import type { Preview } from '../../lambda/sinks/sink.ts';
import type { Encoding } from './encode/encode-points.ts';
import { splitRequests } from './encode/split-requests.ts';
import { priceMonth } from './price.ts';
import { show, describeFindings } from './send/problems.ts';

export interface PreviewSettings {
  readonly intervalMs: number;
  /** `example/<name>` */
  readonly where: string;
}

export function previewPoints({ points, findings }: Encoding, { intervalMs, where }: PreviewSettings): Preview {
  const requests = [...splitRequests(points)];
  return {
    samples: points.length,
    requests: requests.length,
    bytes: requests.reduce((sum, { body }) => sum + body.byteLength, 0),
    lines: points.map((point) => `${show(point)} ${point.values.join(' ')}`),
    monthlyCost: priceMonth(points.length, intervalMs),
    problems: describeFindings(findings, where),
  };
}
