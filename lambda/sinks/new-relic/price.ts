/** What New Relic charges a month by; a gigabyte's price depends on plan and region, so there is no sum in dollars. */
import type { CostLine } from '../sink.ts';
import { monthMs } from '../../model/time.ts';

const bytesPerGigabyte = 1e9;

/** New Relic charges what it stores by the gigabyte; what a point takes there is not published, so that JSON stands for it. */
export function priceMonth(bytesPerRun: number, intervalMs: number): readonly CostLine[] {
  if (bytesPerRun === 0) return [];
  const gigabytes = (bytesPerRun * (monthMs / intervalMs)) / bytesPerGigabyte;
  return [
    {
      item: 'New Relic, data ingest',
      usd: undefined,
      basis: `about ${gigabytes.toFixed(2)} GB of JSON before compression, at the price per GB of your plan and less what it includes; requests cost nothing`,
    },
  ];
}
