/** What the points of a month cost, as far as a receiver has a public price. */
import type { CostLine } from '../sink.ts';

/** 365 days through 12. */
const msPerMonth = 730 * 3_600_000;

const bytesPerGigabyte = 1e9;

/**
 * CloudWatch charges what it takes by OTLP by the gigabyte, and nothing for a metric or a call; the price of the gigabyte
 * is not published, so that the line tells how many there are.
 */
export function monthlyCostOf(
  { isCloudWatch, intervalMs }: { readonly isCloudWatch: boolean; readonly intervalMs: number },
  bytesPerRun: number,
): readonly CostLine[] {
  if (!isCloudWatch) return [];
  const gigabytes = (bytesPerRun * (msPerMonth / intervalMs)) / bytesPerGigabyte;
  return [
    {
      item: 'CloudWatch, ingestion by OTLP',
      usd: undefined,
      basis: `about ${gigabytes.toFixed(2)} GB before compression; no price per metric or call, the price per GB is not published`,
    },
  ];
}
