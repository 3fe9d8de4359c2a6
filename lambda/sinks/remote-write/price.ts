/** What a month costs where the receiver is Amazon Managed Service for Prometheus. */
import { groupDigits } from '../../model/text/wording.ts';
import type { CostLine } from '../sink.ts';
import { findWorkspaceRegion } from '../../settings/workspace-region.ts';
import { monthMs } from '../../model/time.ts';

/**
 * Amazon Managed Service for Prometheus, samples ingested, first tier (list price of us-east-1). Storage and queries
 * are charged on top.
 */
const usdPerTenMillionSamples = 0.9;

/** What the samples of a month cost, where the receiver is one with a public price. */
export function priceMonth(url: URL, samplesPerRun: number, intervalMs: number): readonly CostLine[] {
  if (findWorkspaceRegion(url.hostname) === undefined) return [];
  const samples = Math.round((samplesPerRun * monthMs) / intervalMs);
  return [
    {
      item: 'Amazon Managed Service for Prometheus, samples ingested',
      usd: (samples / 10_000_000) * usdPerTenMillionSamples,
      basis: `${groupDigits(samples)} samples × $${usdPerTenMillionSamples.toFixed(2)} per 10 million (list price)`,
    },
  ];
}
