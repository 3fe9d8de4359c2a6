/** Shows what a delivery would send: the same samples in the same requests, without sending them. */
import type { Labels } from '../../model/metric.ts';
import type { Preview } from '../sink.ts';
import type { Encoding } from './encode/encode-items.ts';
import { splitRequests } from './encode/split-requests.ts';
import { formatItem } from './encode/format-items.ts';
import { priceMonth } from './price.ts';
import { describeFindings } from './send/problems.ts';

export interface PreviewSettings {
  /** Attributes that all points have in common. */
  readonly common: Labels;
  readonly intervalMs: number;
  /** `new-relic/<name>` */
  readonly where: string;
}

export function previewItems({ items, findings }: Encoding, { common, intervalMs, where }: PreviewSettings): Preview {
  let requests = 0;
  let bytes = 0;
  let unpacked = 0;
  for (const { body, unpackedBytes } of splitRequests(items, common)) {
    requests += 1;
    bytes += body.byteLength;
    unpacked += unpackedBytes;
  }
  return {
    samples: items.length,
    requests,
    bytes,
    lines: items.map(formatItem),
    monthlyCost: priceMonth(unpacked, intervalMs),
    problems: describeFindings(findings, where),
  };
}
